#!/bin/sh
# start_test.sh EXPECT START_PROBE: what a program finds at its start, under odd starts too.
set -eu
expect=$1 probe=$2

# Arguments: many, empty, with blanks.
"$expect" --stdout-has "argc 4\nargv[0] program\nargv[1] one\nargv[2] \nargv[3] two words\nargv end null" \
  -- "$probe" one "" "two words"
# execve with no argv: kernels since 5.18 pass argv[0] = "", older ones argc 0.
"$expect" --empty-argv --stdout-has "argv end null" -- "$probe"
"$expect" --empty-argv --stdout-has "argc 1\nargv[0] \nargv end null" -- "$probe" ||
  "$expect" --empty-argv --stdout-has "argc 0\nargv end null" -- "$probe"
# Environment: none, one, 2 MB.
"$expect" --clear-env --stdout-has "env count 0 bytes 0" -- "$probe"
"$expect" --clear-env --env A=b --stdout-has "env count 1 bytes 4\nenviron same" -- "$probe"
"$expect" --clear-env --env-bytes 2097152 --stdout-has "env count 32 bytes" -- "$probe"
# Auxiliary vector.
"$expect" --stdout-has "pagesz 4096\nrandom yes\nphdr yes\nuid same\nexecfn yes\nmissing 0 ENOENT" -- "$probe"
# Descriptors: all three open; each closed; all closed.
"$expect" --stdout-has "fds 7" -- "$probe"
"$expect" --close 0 --stdout-has "fds 6" -- "$probe"
"$expect" --close 2 --stdout-has "fds 3" -- "$probe"
"$expect" --close 1 --stdout-is "" -- "$probe"
"$expect" --close 0 --close 1 --close 2 --stdout-is "" -- "$probe"
