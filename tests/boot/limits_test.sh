#!/bin/sh
# limits_test.sh EXPECT EMPTY: a start without room ends with one line that names the limit, status 2; never
# by a signal. Only for programs on rt0: glibc has no such words.
set -eu
expect=$1 empty=$2

for kib in 16 32; do
  "$expect" --status 2 --rlimit-stack $((kib * 1024)) --stderr-has RLIMIT_STACK --stderr-lines 1 -- "$empty"
done
# Not less than 6 MiB: an image that does not fit is killed by the kernel inside execve, and the tables of Ps
# take 4.
for kib in 6144 8192; do
  "$expect" --status 2 --rlimit-as $((kib * 1024)) --stderr-has RLIMIT_AS --stderr-lines 1 -- "$empty"
done
# Enough is enough: 256 KiB of stack, 256 MiB of addresses; and no limit at all.
"$expect" --rlimit-stack $((256 * 1024)) --stderr-lines 0 -- "$empty"
"$expect" --rlimit-as $((256 * 1024 * 1024)) --stderr-lines 0 -- "$empty"
