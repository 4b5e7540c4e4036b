#!/bin/sh
# environment_test.sh EXPECT EMPTY: wrong values of our variables. Each is named in one line on stderr, and
# the program runs with the default. Only for programs on rt0.
set -eu
expect=$1 empty=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# named VARIABLE=VALUE TEXT...: one line with every TEXT.
named() {
  setting=$1
  shift
  set -- "$@" end
  options=""
  while [ "$1" != end ]; do
    options="$options --stderr-has $1"
    shift
  done
  "$expect" --clear-env --env "$setting" --stderr-lines 1 $options -- "$empty"
}
silent() { "$expect" --clear-env --env "$1" --stderr-lines 0 -- "$empty"; }

for value in 0 -1 abc x 1025 1000000 99999999999999999999 "" 2x; do
  named "RT0_MAXPROCS=$value" RT0_MAXPROCS "'$value'" 1024
  named "GOMAXPROCS=$value" GOMAXPROCS "'$value'" 1024
done
for value in 1 x 16383 2000000000 ""; do
  named "RT0_THREAD_STACK=$value" RT0_THREAD_STACK "'$value'" 16384
  named "RT0_STACK=$value" RT0_STACK "'$value'" 16384
done
named RT0_DEBUG=nosuch=1 RT0_DEBUG "'nosuch'"
named RT0_DEBUG=inittrace RT0_DEBUG inittrace
named RT0_DEBUG=inittrace=x RT0_DEBUG inittrace "'x'"
named RT0_DEBUG=fsgsbase=0,nosuch=1 "'nosuch'"
named "RT0_DEBUG=$(printf '%05000d' 0)" RT0_DEBUG
named "RT0_DEBUG=pagetrace=$work/no/such" pagetrace "$work/no/such"
silent RT0_DEBUG=
silent RT0_DEBUG=,
silent RT0_DEBUG=fsgsbase=0,
silent RT0_MAXPROCS=7
silent RT0_STACK=65536

# pagetrace: goroutine 1's stack at least.
silent "RT0_DEBUG=pagetrace=$work/pages"
grep -q '^map 0x[0-9a-f]* [0-9][0-9]*$' "$work/pages"
