#!/bin/bash
# link_program OUT TREE MODE ARGUMENT...: links as a user would, through the install tree's specs.
set -euo pipefail
out=$1 tree=$2 mode=$3
shift 3
specs=$out.specs
trap 'rm -f "$specs"' EXIT
sed "s#@PREFIX@#$tree#g" "$tree/rt0.specs" >"$specs"
options=() # a static PIE is what the specs make by themselves
[ "$mode" = static-pie ] || options=(-static)
g++ -specs="$specs" "${options[@]}" -o "$out" "$@"
