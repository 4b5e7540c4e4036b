#!/bin/bash
# grep_test.sh GREP: the same lines as GNU grep's, of real files.
set -euo pipefail
. "${BASH_SOURCE[0]%/*}/settings.sh"
program=$1
tree=$TEST_TMPDIR/tree
mkdir -p "$tree/empty folder"
cp -r /usr/include/linux "$tree/linux"
cp -rL /usr/share/common-licenses "$tree/licenses"
: >"$tree/empty"
printf 'int no newline' >"$tree/last"
printf '\n\nint\n\nint int\n' >"$tree/lines"
ln -s . "$tree/loop"
export LC_ALL=C

same() {
  grep -rnF --binary-files=text -e "$1" "$tree" | sort -t: -k1,1 -s >"$TEST_TMPDIR/expected"
  [ -s "$TEST_TMPDIR/expected" ]
  "$program" "$1" "$tree" | diff "$TEST_TMPDIR/expected" -
}

run() {
  same int
  same "the terms"
  same "#define"
  status=0
  "$program" "no such text anywhere" "$tree" || status=$?
  [ $status = 1 ]
  "$program" int "$tree/last" "$tree/lines" | diff - <(cd "$tree" && grep -nHF int "$tree/last" "$tree/lines")
}

each_setting run
for arguments in "" int; do
  # shellcheck disable=SC2086
  expect_status 2 "$program" $arguments
done
expect_status 2 "$program" "" "$tree"
expect_status 2 "$program" int "$tree/last" /no/such/file
