#!/bin/sh
# overflow_test.sh EXPECT OVERFLOW_PROBE: a full stack is reported as Go reports it, status 2; any other fault
# kills by its own signal, without a word.
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

overflows 1 8388608 main
overflows 1 8388608 large-frame
overflows 2 8388608 thread
overflows 2 65536 thread --env RT0_THREAD_STACK=65536
# One report, whoever is first.
run two-threads --status 2 --stderr-lines 4 --stderr-has " stack exceeds 8388608-byte limit\nfatal error: "
run null --signal $SIGSEGV --stderr-lines 0
run null-in-thread --signal $SIGSEGV --stderr-lines 0
run wild --signal $SIGSEGV --stderr-lines 0
run bus --signal $SIGBUS --stderr-lines 0
run kill --signal $SIGSEGV --stderr-lines 0
run raise --signal $SIGBUS --stderr-lines 0
run user-handler --status 42
