#!/bin/sh
# exit_crowd_test.sh EXPECT EXIT_CROWD_PROBE: the end of a process whose other threads run, wait, or hold a
# stream that exit flushes: its status, what is still written, and that it comes.
set -eu
# ends HOW OPTIONS...
expect=$1 probe=$2
ends() {
  how=$1
  shift
  "$expect" --rlimit-core 0 --timeout 20 "$@" -- "$probe" "$how"
}
SIGABRT=6

ends held-by-a-sleeper --status 3 --stdout-is "buffered\n"
ends held-by-a-reader --status 4 --stdout-is "buffered\n"
ends held-by-a-printer --status 0 --stdout-has "buffered\n"
ends two-exits --status 5 --stdout-is "buffered\n"
ends exit-in-handler --status 7 --stdout-is "buffered\nlast registered\nfirst registered\n"
ends return --status 8 --stdout-is "buffered\n"
ends exit --status 9 --stdout-is "buffered\n"
ends _exit --status 10
ends quick_exit --status 11
ends exit-in-thread --status 12 --stdout-is "buffered\n"
ends abort --signal $SIGABRT
ends abort-handler --signal $SIGABRT --stdout-has "handler\n"
ends abort-blocked --signal $SIGABRT
ends abort-handler-blocked --signal $SIGABRT --stdout-has "handler\n"
ends abort-ignored --signal $SIGABRT
