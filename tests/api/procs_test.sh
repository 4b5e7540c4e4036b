#!/bin/bash
# procs_test.sh [--io] PROGRAM [ARGS...]: the program succeeds with 1, 2 and 8 Ps, each also with its Ms
# thrown off the CPU at random (runtime/lock/perturb.h), and --io: each also without
# io_uring, and while calls of the io fail at random (sys/fault.h).
set -u
debugs=("" perturb=20)
if [ "$1" = --io ]; then
  debugs+=(uring=0 iofault=10)
  shift
fi
for debug in "${debugs[@]}"; do
  for procs in 1 2 8; do
    echo "== RT0_MAXPROCS=$procs RT0_DEBUG=$debug"
    RT0_MAXPROCS=$procs RT0_DEBUG=$debug "$@" || exit
  done
done
