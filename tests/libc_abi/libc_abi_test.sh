#!/bin/sh
# libc_abi_test.sh COMPARE.PY HEADERS.TXT KNOWN.TXT. It reads clang's dump of records: without clang-19,
# which CI has (tools/rt0 test), nothing is compared.
if ! command -v clang-19 >/dev/null; then
  echo "clang-19 is not installed: nothing was compared"
  exit 0
fi
exec python3 -B "$@"
