#!/bin/bash
# chat_test.sh CHAT: its members are nc.
set -euo pipefail
. "${BASH_SOURCE[0]%/*}/settings.sh"
server=$1

# hears FILE LINE: waits until it is there.
hears() {
  local n
  for n in {1..3000}; do
    if grep -qxF "$2" "$1" 2>/dev/null; then return; fi
    sleep 0.01
  done
  echo "$1 lacks: $2"
  return 1
}

# join NAME: its own lines are what is written to the descriptor in the variable NAME.
join() {
  local name=$1
  mkfifo "$room/$name.in"
  (
    # The others' lines end when we close them, and nobody else has them.
    for other in ann bob eve; do
      [ -z "${!other:-}" ] || eval "exec ${!other}>&-"
    done
    exec nc -N 127.0.0.1 "$port" <"$room/$name.in" >"$room/$name"
  ) &
  members+=($!)
  eval "exec {$name}>\"$room/$name.in\""
  echo "$name" >&"${!name}"
}

run() {
  room=$(mktemp -d "$TEST_TMPDIR/room.XXXX")
  members=() ann='' bob='' eve=''
  start "$server" 0
  join ann
  join bob
  # Whoever came first hears of the other.
  until grep -q "is here" "$room/ann" "$room/bob" 2>/dev/null; do sleep 0.01; done
  join eve
  hears "$room/ann" "* eve is here"
  hears "$room/bob" "* eve is here"
  echo "hello all" >&"$ann"
  hears "$room/bob" "ann: hello all"
  hears "$room/eve" "ann: hello all"
  echo "hello ann" >&"$bob"
  hears "$room/ann" "bob: hello ann"
  exec {eve}>&-
  eve=''
  hears "$room/ann" "* eve has left"
  ! grep -q "ann: hello all" "$room/ann"  # not one's own
  head -c 5000 /dev/zero | tr '\0' x >&"$bob" || true  # no line is that long
  hears "$room/ann" "* bob has left"
  exec {bob}>&- {ann}>&-
  for member in "${members[@]}"; do wait "$member" || true; done
  stop
}

each_setting run
for arguments in "" x "1 2"; do
  # shellcheck disable=SC2086
  expect_status 2 "$server" $arguments
done
