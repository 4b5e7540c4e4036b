#!/bin/bash
# output_test.sh EXPECTED PROGRAM [ARGS...]: the program prints what EXPECTED says, with 1, 2 and 8 Ps.
set -euo pipefail
expected=$1
shift
for procs in 1 2 8; do
  echo "with $procs Ps"
  RT0_MAXPROCS=$procs timeout 60 "$@" | diff "$expected" -
done
