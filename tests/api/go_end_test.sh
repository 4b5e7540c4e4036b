#!/bin/sh
# go_end_test.sh EXPECT GO_PROBE: how a process ends by goroutines of rt::go.
set -eu
expect=$1 probe=$2
SIGABRT=6

"$expect" --rlimit-core 0 --signal $SIGABRT --stderr-has runtime_error --stderr-has "nobody catches this" \
  -- "$probe" throw
"$expect" --status 12 --stdout-is "terminate\n" -- "$probe" throw-at-the-throw
"$expect" --status 7 --stdout-is "runs\n" -- "$probe" main-returns
# The first is main's, moved from: on one P it goes before the goroutine runs.
"$expect" --env RT0_MAXPROCS=1 --stdout-is "destroyed\ndestroyed\nthread_local destroyed\nmain goes on\n" \
  -- "$probe" pthread_exit
"$expect" --status 2 --stderr-has "all goroutines are asleep - deadlock!" --stderr-has '"a long name, wh"' \
  --stderr-has " in goroutine 1\n" -- "$probe" deadlock

gone="fatal error: no goroutines (main called Goexit) - deadlock!"
asleep="fatal error: all goroutines are asleep - deadlock!"
"$expect" --status 2 --stdout-is "destroyed\nthe others go on\n" --stderr-has "$gone" \
  -- "$probe" main-goexit
"$expect" --status 2 --stderr-has "$asleep" --stderr-has "[chan receive]:" -- "$probe" main-goexit-others-wait
"$expect" --rlimit-core 0 --signal $SIGABRT --stderr-has "exception not rethrown" -- "$probe" goexit-swallowed
"$expect" --status 2 --stderr-has "$asleep" --stderr-has "goroutine 1 [chan receive]:" \
  --stderr-has "[chan send]:" --stderr-has "[chan receive (nil chan)]:" \
  --stderr-has "[chan send (nil chan)]:" \
  --stderr-has "[select]:" --stderr-has "[select (no cases)]:" -- "$probe" wait-reasons
"$expect" --rlimit-core 0 --signal $SIGABRT --stderr-has closed_channel \
  --stderr-has "send on closed channel" -- "$probe" send-closed
