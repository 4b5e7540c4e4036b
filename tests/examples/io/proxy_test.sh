#!/bin/bash
# proxy_test.sh PROXY ECHO HTTP_HELLO: nc through the proxy to echo, curl and wrk to http_hello.
set -euo pipefail
. "${BASH_SOURCE[0]%/*}/settings.sh"
proxy=$1 echo=$2 hello=$3
file=/usr/share/common-licenses/GPL-3

# through SERVER CLIENT...: the client with the port of a proxy before the server.
through() {
  local server=$1 server_pid
  shift
  start "$server" 0
  server_pid=$pid
  exec 4<&3
  start "$proxy" 0 "$address" 2>"$TEST_TMPDIR/proxy"
  "$@"
  stop
  pid=$server_pid
  stop
  exec 4<&-
}

echoes() {
  local clients=() n
  for n in {1..10}; do
    nc -N 127.0.0.1 "$port" <$file | cmp - $file &
    clients+=($!)
  done
  for n in "${clients[@]}"; do wait "$n"; done
}

pages() {
  [ "$(curl -sS "http://127.0.0.1:$port/")" = "Hello, World!" ]
  wrk -t1 -c32 -d1s "http://127.0.0.1:$port/" >"$TEST_TMPDIR/wrk"
  grep "requests in" "$TEST_TMPDIR/wrk"
  ! grep -E "Socket errors|Non-2xx" "$TEST_TMPDIR/wrk"
}

run() {
  through "$echo" echoes
  through "$hello" pages
}

each_setting run
# Nobody behind it: the connection ends.
start "$proxy" 0 127.0.0.1:1 2>"$TEST_TMPDIR/refused"
[ -z "$(nc -N 127.0.0.1 "$port" <$file || true)" ]
stop
grep -q "Connection refused" "$TEST_TMPDIR/refused"
for arguments in "" 0 "0 nowhere" "x 127.0.0.1:1" "0 127.0.0.1:1 more"; do
  # shellcheck disable=SC2086
  expect_status 2 "$proxy" $arguments
done
