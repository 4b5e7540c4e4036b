#!/bin/bash
# pipeline_test.sh OUTPUT_TEST.SH PIPELINE FILE...: the same ten words as by tr, sort and uniq.
set -euo pipefail
output_test=$1 pipeline=$2
shift 2
export LC_ALL=C
cat "$@" | tr -cs 'A-Za-z' '\n' | tr 'A-Z' 'a-z' | grep . | sort | uniq -c | sort -k1,1nr -k2 |
  awk 'NR <= 10 { print $1, $2 }' >"$TEST_TMPDIR/expected"
exec "$output_test" "$TEST_TMPDIR/expected" "$pipeline" "$@"
