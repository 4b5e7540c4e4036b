#!/bin/bash
# install_tree TREE LIBC.A --objects OBJECT... --files FILE... --headers HEADER...
#
# Lays out what a user's compiler finds. librt0.a is text: a linker reads it as a script, so that `-lrt0`
# alone brings the C and C++ libraries in one group, each from our folder. rt0_guard.o stands by itself: under
# the specs g++ names libstdc++, which has these functions too, before our archive, and only an object at the
# place of crt1.o comes before that.
set -euo pipefail
tree=$1 libc=$2
shift 2
mkdir -p "$tree"/{lib,bin,include/rt}

objects=() kind=
for argument; do
  case $argument in
    --objects | --files | --headers) kind=$argument; continue ;;
  esac
  case $kind in
    --objects)
      objects+=("$argument")
      case $argument in */cxa_guard.*o) install -D -m 644 "$argument" "$tree/lib/rt0_guard.o" ;; esac
      ;;
    --headers)
      to=$tree/include/${argument##*runtime/include/}
      install -D -m 644 "$argument" "$to"
      ;;
    --files)
      case $argument in
        */rt0-g++ | */rt0-gcc | */rt0) install -m 755 "$argument" "$tree/bin/" ;;
        *.specs.in) install -m 644 "$argument" "$tree/rt0.specs" ;;
        *.pc) install -D -m 644 "$argument" "$tree/lib/pkgconfig/${argument##*/}" ;;
        *.cmake) install -D -m 644 "$argument" "$tree/lib/cmake/rt0/${argument##*/}" ;;
        *) echo "install_tree: no place for $argument" >&2; exit 1 ;;
      esac
      ;;
  esac
done

ar qcsD "$tree/lib/librt0_pure.a" "${objects[@]}" # q, not r: two folders may hold sources of one name
install -m 644 "$libc" "$tree/lib/libc.a"
echo 'GROUP(-lrt0_pure -lstdc++ -lgcc_eh -lgcc -lc)' >"$tree/lib/librt0.a"
for empty in m pthread dl rt; do
  ar qcsD "$tree/lib/lib$empty.a" # or the linker would find glibc's
done
