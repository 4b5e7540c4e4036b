#!/bin/bash
# compare_test.sh ON_RT0 HOSTED ARGS...: the same source built twice says the same, byte for byte, and ends
# alike. Both run several times, since the threads' order differs from run to run and must not show.
set -u
on_rt0=$1 hosted=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# of NAME PROGRAM ARGS...: keeps stdout, stderr and status under NAME.
of() {
  local name=$1
  shift
  timeout 60 "$@" >"$work/$name.out" 2>"$work/$name.err"
  echo $? >"$work/$name.status"
}

of hosted "$hosted" "$@"
if ! grep -q . "$work/hosted.out" "$work/hosted.err"; then
  echo "compare_test: the hosted build says nothing"
  exit 1
fi
for run in 1 2 3 4 5; do
  of rt0 "$on_rt0" "$@"
  for part in out err status; do
    diff "$work/hosted.$part" "$work/rt0.$part" || { echo "compare_test: $part differs in run $run"; exit 1; }
  done
done
