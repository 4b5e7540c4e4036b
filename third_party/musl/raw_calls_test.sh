#!/bin/sh
# raw_calls_test.sh RAW_CALLS.PY LIBC.A RAW_CALLS.TXT
exec python3 -B "$@"
