#!/bin/sh
# exit_test.sh EXPECT EXIT_PROBE: the exit status, and what is still written, for each way to end.
set -eu
# ends HOW OPTIONS...
expect=$1 probe=$2
ends() {
  how=$1
  shift
  "$expect" --rlimit-core 0 "$@" -- "$probe" "$how"
}
all="buffered static destroyed\n"
SIGABRT=6 SIGKILL=9 SIGSEGV=11

ends return --status 7 --stdout-is "$all"
ends exit --status 8 --stdout-is "$all"
ends exit-in-thread --status 9 --stdout-is "$all"
ends exit-in-thread-main-sleeps --status 9 --stdout-is "$all" --timeout 20
ends main-returns-first --status 13 --stdout-is "$all" --timeout 20
ends pthread_exit-in-main --status 0 --stdout-is "buffered thread ended\nstatic destroyed\n"
ends exit-in-destructor --status 15 --stdout-has "registered at the end\n"
ends cout --stdout-is "buffered not flushed by handstatic destroyed\n"
ends _exit --status 10 --stdout-is ""
ends quick_exit --status 11 --stdout-is "buffered at_quick_exit 2\nat_quick_exit 1\n"
ends abort --signal $SIGABRT --stdout-is ""
ends throw --signal $SIGABRT --stderr-has runtime_error --stderr-has "nobody catches this"
ends throw-in-thread --signal $SIGABRT --stderr-has runtime_error --stderr-has "nobody catches this"
ends throw-int --signal $SIGABRT --stderr-has int
ends throw-in-noexcept --signal $SIGABRT --stderr-has "nobody catches this"
ends terminate --signal $SIGABRT
ends terminate-handler --status 12 --stdout-is "buffered handler\n"
ends joinable-destroyed --signal $SIGABRT
ends swallowed-cancellation --signal $SIGABRT --stderr-has "FATAL: exception not rethrown"
ends kill --signal $SIGKILL
ends segv --signal $SIGSEGV
