#!/bin/bash
# run_model.sh [-t] MODEL.pml [MUTANT]: verifies a Promela model and its variants, and refutes its mutants.
#
# A model's head says what is to come out:
#   VARIANT name              -DVARIANT_name verifies too
#   MUTANT name: words        -DMUTANT_name is refuted, and spin's complaint contains the words
#   UNREACHED allowed         some copies of inlines hold steps that cannot happen there
# "Verifies" means: the search was complete, no assertion failed, no process hung outside an end state, and no
# statement was left unreached (a step that cannot happen proves nothing). With MUTANT only that one is tried;
# -t then prints its counter-example step by step.
set -euo pipefail

trail=no
[ "${1:-}" != -t ] || { trail=yes; shift; }
model=$(readlink -f "$1") only=${2:-}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
failures=0

fail() {
  echo "FAILED: $1"
  [ -z "${2:-}" ] || head -40 "$2" | sed 's/^/    /'
  failures=$((failures + 1))
}

# search OPT NAME [-DX]: pan's words in NAME.out; gcc's -O is OPT. Optimizing costs more than it brings where
# the search soon finds something.
search() {
  local opt=$1 name=$2
  shift 2
  cp "$(dirname "$model")"/*.pml .
  cp "$model" "$name.pml"
  spin -a "$@" "$name.pml" >"$name.log" 2>&1 || { cat "$name.log"; exit 1; }
  # SAFETY: end states and assertions only. COLLAPSE keeps the states small; MEMLIM in MiB.
  gcc "-O$opt" -DSAFETY -DCOLLAPSE -DMEMLIM=1024 -w -o "$name.pan" pan.c
  "./$name.pan" -m2000000 >"$name.out" 2>&1 || true
}

states() { sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' "$1.out"; }

verifies() {
  local name=$1
  search 2 "$@"
  if grep -q 'out of memory\|max search depth too small\|Search not completed' "$name.out"; then
    fail "$name: the search is not complete" "$name.out"
    return 0
  fi
  grep -q 'errors: 0$' "$name.out" || { fail "$name: an error" "$name.out"; return 0; }
  if ! grep -q 'UNREACHED allowed' "$model" &&
    grep -A1000 '^unreached' "$name.out" | grep 'state [0-9]' | grep -v '"-end-"' >unreached; then
    fail "$name: steps that never happen" unreached
    return 0
  fi
  echo "verified  $name: $(states "$name") states"
}

refutes() {
  local name=$1 words=$2
  search 0 "$name" "-DMUTANT_$name"
  if ! grep '^pan:[0-9]*: ' "$name.out" | grep -qF -- "$words"; then
    fail "mutant $name: not refuted by: $words" "$name.out"
    return 0
  fi
  echo "refuted   $name: $(states "$name") states: $(sed -n 's/^pan:[0-9]*: //p' "$name.out" | head -1)"
  [ $trail = no ] || spin -t -p -g -l "-DMUTANT_$name" "$name.pml"
}

if [ -z "$only" ]; then
  verifies "$(basename "$model" .pml)"
  while read -r variant; do
    verifies "$variant" "-DVARIANT_$variant"
  done < <(sed -n 's/^[ *]*VARIANT \([a-z_]*\).*/\1/p' "$model")
fi
found=no
while IFS=: read -r mutant words; do
  [ -z "$only" ] || [ "$only" = "$mutant" ] || continue
  found=yes
  refutes "$mutant" "${words# }"
done < <(sed -n 's/^[ *]*MUTANT \([a-z_]*: .*\)/\1/p' "$model")
[ $found = yes ] || fail "$(basename "$model"): no such mutant"
[ $failures = 0 ]
