#!/bin/bash
# pipeline_test.sh PIPELINE: what the shell's own pipelines print, and their statuses.
set -euo pipefail
. "${BASH_SOURCE[0]%/*}/settings.sh"
program=$1
files=(/usr/share/common-licenses/*)

run() {
  cat "${files[@]}" | tr A-Z a-z | tr -cs a-z '\n' | sort | uniq -c | sort -rn |
    sed -n 1,10p >"$TEST_TMPDIR/expected"
  "$program" cat "${files[@]}" -- tr A-Z a-z -- tr -cs a-z '\n' -- sort -- uniq -c -- sort -rn -- \
    sed -n 1,10p | cmp - "$TEST_TMPDIR/expected"
  echo input | "$program" cat -- cat | grep -qx input
  # The first one ends when nobody reads any more.
  [ "$("$program" yes -- head -n 1)" = y ]
  local status
  for code in 0 1 77; do
    status=0
    "$program" false -- sh -c "exit $code" || status=$?
    [ $status = $code ]
  done
  status=0
  "$program" true -- sh -c 'kill -9 $$' || status=$?
  [ $status = 137 ]
  [ "$("$program" rt0-no-such-program -- wc -c 2>/dev/null)" = 0 ]
}

each_setting run
expect_status 127 "$program" true -- rt0-no-such-program
expect_status 2 "$program"
expect_status 2 "$program" true --
expect_status 2 "$program" -- true
