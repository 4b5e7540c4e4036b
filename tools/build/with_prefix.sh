#!/bin/bash
# with_prefix TREE COMMAND ARGS...: runs COMMAND PREFIX ARGS in a test, PREFIX being TREE laid out for use.
set -euo pipefail
tree=$1 command=$2
shift 2
"$(dirname "$(readlink -f "$0")")/lay_out.sh" "$tree" "$TEST_TMPDIR/prefix"
exec "$command" "$TEST_TMPDIR/prefix" "$@"
