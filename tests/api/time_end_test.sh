#!/bin/sh
# time_end_test.sh EXPECT TIME_PROBE: what a pending timer, a stopped one, and one in trouble mean for the
# process; what a report says of labels and names.
set -eu
expect=$1 probe=$2

"$expect" --status 2 --stdout-is "" --stderr-has "all goroutines are asleep - deadlock!" \
  --stderr-has '[chan receive] "listener" {request: 18, user: ann}:' \
  --stderr-has "[select] {request: 18, user: ann}:" -- "$probe" deadlock
"$expect" --status 0 --stdout-is "the timer woke main\n" --stderr-lines 0 -- "$probe" pending-timer
# A stopped timer keeps the report away until its time: the idle M that sleeps until then is not woken.
"$expect" --status 2 --stderr-has "all goroutines are asleep - deadlock!" -- "$probe" last-stopped
"$expect" --signal 6 \
  --stderr-has "panic: uncaught exception of type std::runtime_error: from a timer" -- "$probe" throw
"$expect" --status 2 \
  --stderr-has "fatal error: rt::timer: out of memory for its goroutine" -- "$probe" no-memory
"$expect" --status 2 --stdout-is "" \
  --stderr-has "fatal error: rt::debug::label_scope: not the innermost scope of its goroutine" \
  -- "$probe" scopes
