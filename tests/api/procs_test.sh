#!/bin/bash
# procs_test.sh PROGRAM [ARGS...]: the program succeeds with 1, 2 and 8 Ps, each also with its Ms thrown off
# the CPU at random (runtime/lock/perturb.h).
set -u
for debug in "" perturb=20; do
  for procs in 1 2 8; do
    echo "== RT0_MAXPROCS=$procs RT0_DEBUG=$debug"
    RT0_MAXPROCS=$procs RT0_DEBUG=$debug "$@" || exit
  done
done
