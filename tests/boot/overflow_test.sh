#!/bin/sh
# overflow_test.sh EXPECT OVERFLOW_PROBE: a full stack is reported as Go reports it, status 2; any other fault
# is reported too and kills by its own signal. A signal that was only sent kills without a word.
set -eu
expect=$1 probe=$2
run() {
  how=$1
  shift
  "$expect" --rlimit-core 0 --rlimit-stack 8388608 --timeout 20 "$@" -- "$probe" "$how"
}
# overflows GOROUTINE BYTES HOW [OPTIONS...]
overflows() {
  n=$1 bytes=$2 how=$3
  shift 3
  said="goroutine $n stack exceeds $bytes-byte limit\nfatal error: stack overflow\n\n"
  run "$how" --status 2 --stdout-is "" --stderr-has "${said}goroutine $n [running]:\n" "$@"
}
SIGBUS=7 SIGSEGV=11
segv="SIGSEGV: segmentation violation\n"

overflows 1 8388608 main
overflows 1 8388608 large-frame
overflows 2 8388608 thread
overflows 2 65536 thread --env RT0_THREAD_STACK=65536
run two-threads --status 2 --stderr-has " stack exceeds 8388608-byte limit\nfatal error: "
run null --signal $SIGSEGV --stderr-has "${segv}PC=" --stderr-has "\n\ngoroutine 1 [running]:\n"
run null-in-thread --signal $SIGSEGV --stderr-has "${segv}PC=" --stderr-has "\n\ngoroutine 2 [running]:\n"
run wild --signal $SIGSEGV --stderr-has "${segv}PC=" --stderr-has "\n\ngoroutine 1 [running]:\n"
run bus --signal $SIGBUS --stderr-has "SIGBUS: bus error\nPC="
run kill --signal $SIGSEGV --stderr-lines 0
run raise --signal $SIGBUS --stderr-lines 0
run user-handler --status 42
