#!/bin/bash
# core_object SHIPPED.o OPEN.o INPUT...
#
# Merges the core into one object: all code in the one section rt0_text (a preempted pc is "in the
# runtime" exactly if it lies in it), every COMDAT group resolved. OPEN.o keeps hidden names linkable;
# SHIPPED.o makes them local.
set -euo pipefail
shipped=$1 open=$2
shift 2

die() { echo "rt0core.o: $*" >&2; exit 1; }

[ $# -gt 0 ] || die "no sources yet"
script=$open.lds
trap 'rm -f "$script"' EXIT
# What a start runs comes first and together: the kernel maps the 64 KiB around a page fault, and each fault
# costs 1 us or 2. An empty main then has one of its code.
start=(
  rt0/_objs sys/_objs sys/image boot/_objs base/_objs mem/_objs/mem/{pages,stack}
  sched/_objs/sched/{allg,findrunnable,gfree,machine,newproc,park,poller,proc,signal}
  libc/_objs/libc/{libc_start,exit,keys} unwind/_objs/unwind/{terminate,traceback}. sync/_objs/sync/wait_table
  mem/_objs/mem/heap
)
{
  echo 'SECTIONS { rt0_text 0 : {'
  for part in "${start[@]}"; do
    echo "*/$part*(.text .text.*)"
  done
  echo '*(.text .text.*) } }'
} >"$script"
ld -r --force-group-allocation -T "$script" -o "$open" "$@"

left=$(objdump -h "$open" | awk '$2 ~ /^\.text/ && $3 !~ /^0*$/ {print $2}')
[ -z "$left" ] || die "code outside rt0_text: $left"

# The core is in every program, C ones too, and runs where nothing may throw or allocate.
foreign=$(nm -u "$open" | awk '$1 != "w" && $2 ~ /^(_Z|__cxa_|__gxx_|_Unwind_)/ {print $2}' | c++filt)
[ -z "$foreign" ] || die "undefined C++ names, and none may come from a library: ${foreign//$'\n'/, }"

# libstdc++'s headers give std's templates default visibility; the core's copies are the core's alone.
# (Not --localize-symbols=FILE: objcopy fails without a word when FILE is empty.)
mapfile -t std_copies < <(nm "$open" | awk '$2 ~ /^[WV]$/ && $3 ~ /^_Z(N|NK)?S[tabsiod]/ {print $3}')
# A program may bring its own liburing; what third_party/private renamed is nobody's business.
mapfile -t others < <(nm "$open" | awk '$2 == "T" && $3 ~ /io_uring_|^rt0_lib_/ {print $3}')
objcopy --localize-hidden "${std_copies[@]/#/--localize-symbol=}" "${others[@]/#/--localize-symbol=}" \
  "$open" "$shipped"
