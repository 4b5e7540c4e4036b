#!/bin/bash
# lay_out TREE DIR [NAME]: copies a built install tree to DIR, its files made for use there (or as folder
# NAME).
set -euo pipefail
tree=$1 dir=$2
mkdir -p "$dir"
name=${3:-$(realpath "$dir")}
cp -rfL --no-preserve=mode,ownership "$tree"/. "$dir"
chmod +x "$dir"/bin/*

specs=$(<"$dir/rt0.specs")
escaped=${name//\\/\\\\}
escaped=${escaped// /\\ } # a blank ends a word in a specs file
printf '%s\n\n' "${specs//@PREFIX@/"$escaped"}" >"$dir/rt0.specs"
