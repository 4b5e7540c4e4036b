#!/bin/bash
# make_private OUT.a ARCHIVE=MEMBER,MEMBER... ...: the named members of Debian's archives as one object of the
# core's own. Every name in it, defined or needed, begins with rt0_lib_: so a program may bring the same
# library, and what ours asks of a C library (memory, files, threads) is answered by runtime/unwind/lib.cc,
# which takes no lock. What the compiler calls by itself stays the core's (runtime/base/memory.cc).
set -euo pipefail
out=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

objects=()
for part; do
  archive=${part%%=*} members=${part#*=}
  folder=$work/$(basename "$archive")
  mkdir "$folder"
  for member in ${members//,/ }; do
    ar p "$archive" "$member" >"$folder/$member"
    objects+=("$folder/$member")
  done
done
ld -r -o "$work/all.o" "${objects[@]}"
objcopy --prefix-symbols=rt0_lib_ --remove-section=.comment "$work/all.o"
keep=()
for name in memcpy memmove memset memcmp strlen _GLOBAL_OFFSET_TABLE_ _dl_find_object; do
  keep+=("--redefine-sym=rt0_lib_$name=$name")
done
objcopy "${keep[@]}" "$work/all.o"
rm -f "$out"
ar qcsD "$out" "$work/all.o"
