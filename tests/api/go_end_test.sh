#!/bin/sh
# go_end_test.sh EXPECT GO_PROBE: how a process ends by goroutines of rt::go.
set -eu
expect=$1 probe=$2
SIGABRT=6

"$expect" --rlimit-core 0 --signal $SIGABRT --stderr-has runtime_error --stderr-has "nobody catches this" \
  -- "$probe" throw
"$expect" --status 12 --stdout-is "terminate\n" -- "$probe" throw-at-the-throw
"$expect" --status 7 --stdout-is "runs\n" -- "$probe" main-returns
"$expect" --stdout-is "destroyed\ndestroyed\nthread_local destroyed\nmain goes on\n" -- "$probe" pthread_exit
"$expect" --status 2 --stderr-has "all goroutines are asleep - deadlock!" --stderr-has '"a long name, wh"' \
  --stderr-has "created in goroutine 1," -- "$probe" deadlock
