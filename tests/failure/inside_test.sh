#!/bin/sh
# inside_test.sh EXPECT INSIDE_PROBE: the runtime's own faults are reported, by which the process dies.
set -eu
expect=$1 probe=$2
SIGSEGV=11
dies() {
  how=$1
  shift
  "$expect" --rlimit-core 0 --timeout 30 --signal $SIGSEGV "$@" -- "$probe" "$how"
}
said="SIGSEGV: segmentation violation\nPC="
for procs in 1 4; do
  export RT0_MAXPROCS=$procs
  dies g0 --stderr-has "$said" --stderr-has "\nruntime stack:\n" --stderr-has "\nrt0_systemstack(...)\n" \
    --stderr-has "\ngoroutine 1 [running]:\n" --stderr-has "\nmain(...)\n" --stderr-has "\nrip "
  dies another-g0 --stderr-has "$said" --stderr-has "\nruntime stack:\nfault(...)\n" \
    --stderr-has "\nrt0_mstart(...)\n" --stderr-has "\ngoroutine 1 [" --stderr-has "\nrip "
  dies g0-overflow --stderr-has "$said" --stderr-has "\nruntime stack:\ndeeper(...)\n" \
    --stderr-has "\nrt0_mstart(...)\n"
  dies handler --stderr-has "$said" --stderr-has "\nruntime stack:\n" --stderr-has "\nrt0_sighandler(...)\n" \
    --stderr-has "\ngoroutine 1 [running]:\n" --stderr-has "\nmain(...)\n" --stderr-has "\nrip "
  for how in report report-on-g0; do
    dies $how --stderr-has "$said" --stderr-has "\nfatal error: signal 11 during the report\n"
  done
done
