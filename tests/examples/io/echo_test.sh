#!/bin/bash
# echo_test.sh ECHO: its clients are nc.
set -euo pipefail
. "${BASH_SOURCE[0]%/*}/settings.sh"
server=$1
file=/usr/share/common-licenses/GPL-3

run() {
  start "$server" 0
  local clients=() n
  for n in {1..20}; do
    nc -N 127.0.0.1 "$port" <$file | cmp - $file &
    clients+=($!)
  done
  for n in "${clients[@]}"; do wait "$n"; done
  [ -z "$(nc -N 127.0.0.1 "$port" </dev/null)" ]
  stop
}

each_setting run
for arguments in "" x -1 65536 "1 2"; do
  # shellcheck disable=SC2086
  expect_status 2 "$server" $arguments
done
start "$server" 0
expect_status 1 "$server" "$port"  # taken
stop
