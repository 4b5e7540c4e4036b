#!/bin/bash
# http_hello_test.sh HTTP_HELLO RAW_HTTP.PY: its clients are curl, wrk, and raw_http.py, which says what they
# do not.
set -euo pipefail
. "${BASH_SOURCE[0]%/*}/settings.sh"
server=$1 raw=$2

run() {
  start "$server" 0
  local url=http://127.0.0.1:$port/
  [ "$(curl -sS "$url")" = "Hello, World!" ]
  [ "$(curl -sS "$url" "$url" "$url" -w '%{num_connects}' -o /dev/null -o /dev/null -o /dev/null)" = 100 ]
  [ "$(curl -sS -I "$url" | head -1)" = $'HTTP/1.1 200 OK\r' ]
  [ "$(head -c 1000000 /dev/zero | curl -sS --data-binary @- "$url")" = "Hello, World!" ]
  [ "$(head -c 2000000 /dev/zero | curl -sS --data-binary @- -o /dev/null -w '%{http_code}' "$url")" = 413 ]
  wrk -t1 -c64 -d1s "$url" >"$TEST_TMPDIR/wrk"
  grep "requests in" "$TEST_TMPDIR/wrk"
  ! grep -E "Socket errors|Non-2xx" "$TEST_TMPDIR/wrk"
  python3 "$raw" "$port"
  stop
}

each_setting run
for arguments in "" x 65536 "1 2"; do
  # shellcheck disable=SC2086
  expect_status 2 "$server" $arguments
done
start "$server" 0
expect_status 1 "$server" "$port"  # taken
stop
