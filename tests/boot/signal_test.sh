#!/bin/bash
# signal_test.sh SIGNAL_PROBE: signals from outside, and those that end a program. Holds for glibc too.
set -eu
probe=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkfifo "$work/in"
failures=0

fail() {
  echo "$*" >&2
  failures=$((failures + 1))
}

# asked HOW SIGNAL...: starts it, which reads from a pipe that we hold open, and sends the signals; $then a
# byte, or the signal again until it has ended, or nothing. Its words go to $work/out, its status to $status.
then=nothing
asked() {
  local how=$1
  shift
  exec 3<>"$work/in"
  : >"$work/out"
  # A shell's background process ignores SIGINT.
  env --default-signal=INT "$probe" "$how" <"$work/in" >"$work/out" 2>"$work/err" &
  pid=$!
  until grep -q ready "$work/out"; do kill -0 $pid || break; done
  threads=$(ls /proc/$pid/task | wc -l)
  for signal; do
    kill -"$signal" $pid 2>/dev/null || :
  done
  case $then in
  byte) echo x >&3 ;;
  # What came before the read began did not end it.
  again) while kill -"$1" $pid 2>/dev/null; do sleep 0.01; done ;;
  esac
  status=0
  wait $pid || status=$?
  exec 3>&-
}

# says WHAT HOW SIGNAL...
says() {
  local what=$1
  shift
  asked "$@"
  grep -qx "$what" "$work/out" || fail "$*: $(cat "$work/out"), status $status; wanted: $what"
}

# dies STATUS HOW SIGNAL...
dies() {
  local wanted=$1
  shift
  asked "$@"
  [ $status = "$wanted" ] || fail "$*: status $status, wanted $wanted: $(cat "$work/out")"
}

for turn in 1 2 3; do
  dies 130 default INT
  [ "$threads" = 1 ] || fail "default: $threads kernel threads"
  dies 143 default TERM
  dies 130 once-handled INT
  dies 143 handler TERM
done
then=again
for turn in 1 2 3; do
  says 'EINTR, handled [1-9][0-9]*' handler INT
  says 'EINTR, handled [1-9][0-9]*' handler-crowd INT
done
then=byte
says 'read x, handled 0' default WINCH
says 'read x, handled 0' ignored INT
says 'read x, handled 0' default STOP CONT
says 'read x, handled 0' default TSTP CONT
says 'read x, handled 0' handler TSTP CONT

says 'read x, handled 1' restart INT

# ends STATUS HOW
ends() {
  status=0
  { "$probe" "$2" >"$work/out" </dev/null || status=$?; } 2>"$work/err"
  [ $status = "$1" ] || fail "$2: status $status, wanted $1: $(cat "$work/out")"
}
ends 143 raise
ends 143 kill
ends 143 unblock
ends 143 thread
ends 141 pipe
ends 134 abort
ends 134 abort-handled
ends 139 segv
ends 139 segv-in-handler

# Of masks and handlers the new program inherits what POSIX says: SIGUSR2 (bit 11) blocked, nothing caught.
"$probe" exec | grep '^Sig[BC]' >"$work/out"
grep -qx 'SigBlk:.*0000000000000800' "$work/out" || fail "exec: $(cat "$work/out")"
grep -qx 'SigCgt:.*0000000000000000' "$work/out" || fail "exec: $(cat "$work/out")"

[ $failures = 0 ]
