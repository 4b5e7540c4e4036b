#!/bin/sh
# deadlock_test.sh EXPECT DEADLOCK_PROBE: Go's message and status 2; nothing of the kind while a timer is
# pending, or something comes from outside. Only for programs on rt0: elsewhere they hang.
set -eu
message="fatal error: all goroutines are asleep - deadlock!"
for how in self-lock cycle lost-notify join; do
  "$1" --status 2 --stderr-has "$message" --timeout 20 -- "$2" "$how"
done
for how in slow timed; do
  "$1" --status 0 --stderr-lines 0 --timeout 20 -- "$2" "$how"
done
for procs in 1 2 8; do
  for how in bound-read read-beside-call; do
    (sleep 0.3; echo) | RT0_MAXPROCS=$procs timeout 20 "$2" "$how" || { echo "$how, $procs Ps: $?"; exit 1; }
  done
done
