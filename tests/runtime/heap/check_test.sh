#!/bin/sh
# check_test.sh EXPECT CHECK_PROBE: what a program hears that misuses the heap, without and with
# RT0_DEBUG=check=1: one line that says what, and exit 2.
set -eu
expect=$1 probe=$2

# dies HOW WHAT [CHECK...]: with each of these values of check.
dies() {
  how=$1 what=$2
  shift 2
  for check; do
    for procs in 1 4; do
      "$expect" --rlimit-core 0 --env RT0_MAXPROCS=$procs --env RT0_DEBUG=check=$check --status 2 \
        --stdout-is "" --stderr-has "fatal error: $what\n" -- "$probe" "$how"
    done
  done
}
double="free(): double free detected"
written="malloc(): a freed block was written to"
overrun="free(): a block was overrun"

dies double "$double" 0 1
dies double-later "$double" 0 1
dies double-elsewhere "$double" 0 1
dies double-returned "$double" 0 1
dies inside "free(): invalid pointer" 0 1
dies write-after "$written" 0 1
dies write-after-middle "$written" 1
dies overrun "$overrun" 1
dies overrun-far "$overrun" 1
dies overrun-realloc "$overrun" 1

# Where, in a line of its own.
"$expect" --rlimit-core 0 --env RT0_DEBUG=check=1 --status 2 \
  --stderr-has " was written to behind its end, at byte 100\n" -- "$probe" overrun

# Nothing is told of a program without a fault.
for check in 0 1; do
  for how in none recycle; do
    "$expect" --env RT0_DEBUG=check=$check --stdout-is "unnoticed\n" --stderr-lines 0 -- "$probe" $how
  done
done
