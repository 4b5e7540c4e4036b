#!/bin/sh
# driver_test.sh RT0: wrong uses of tools/rt0. Each ends with status 2 and one line that names what was wrong,
# before anything is built; nothing goes to stdout, which is the program's.
set -eu
rt0=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# wrong TEXT ARGUMENTS...
wrong() {
  text=$1
  shift
  got=0
  "$rt0" "$@" >"$work/out" 2>"$work/err" </dev/null || got=$?
  [ "$got" = 2 ] || { echo "status $got, not 2: $*"; cat "$work/err"; exit 1; }
  [ ! -s "$work/out" ] || { echo "writes to stdout: $*"; exit 1; }
  grep -qF -e "$text" "$work/err" || { echo "does not say '$text': $*"; cat "$work/err"; exit 1; }
  [ "$(grep -c '^rt0: ' "$work/err")" -le 1 ] || { echo "more than one message: $*"; exit 1; }
}

echo 'int main() {}' >"$work/a.cc"
wrong usage
wrong frob frob
wrong FILE run
wrong no/such.cc run no/such.cc
wrong README.md run README.md
wrong -O2 run -O2 "$work/a.cc"
wrong "no FILE" build -o "$work/a"
wrong -o build "$work/a.cc"
wrong OUT build "$work/a.cc" -o
wrong -I build "$work/a.cc" -o "$work/a" -I
wrong "not a target" test tests/std
wrong "no bench frob" bench frob
wrong yield_pair bench yield_pair frob
wrong "no option --fast" bench --fast
wrong "no PID" ps
wrong "no PID" bt
wrong "no PID" core
wrong "no PID" gdb
wrong "no such file" gdb no/such
wrong prefix install
wrong prefix install --prefix
