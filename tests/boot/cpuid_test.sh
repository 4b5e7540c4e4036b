#!/bin/sh
# cpuid_test.sh STEP EMPTY [EMPTY_V2 EMPTY_V3 EMPTY_V4]: which CPUIDs a start executes, and what a CPU that
# lacks the binary's level gets. The CPU's answers are injected, so that the machine's own do not matter.
# EMPTY_V*: empty.cc built with -march=x86-64-v* and the note that says so. Only for programs on rt0.
set -eu
step=$1 empty=$2
log=$(mktemp)
trap 'rm -f "$log"' EXIT

fail() { echo "cpuid_test: $1"; cat "$log"; exit 1; }
# steps STATUS ARGS...: runs step, keeps its report.
steps() {
  want=$1
  shift
  got=0
  "$step" "$@" 2>"$log" || got=$?
  [ "$got" = "$want" ] || fail "status $got, not $want: $*"
}
says() { grep -q -- "$1" "$log" || fail "not said: $1"; }
# What every level of ours asks for, answered yes: leaf 0, 1, 0x80000000, 7, 0x80000001, XGETBV.
all="--inject 1:ecx:0xffffffff:0xffffffff --inject 0x80000000:eax:0:0x80000008
 --inject 7:ebx:0xffffffff:0xffffffff
 --inject 0x80000001:ecx:0xffffffff:0xffffffff --inject xgetbv:eax:0xffffffff:0xe6"
intel="--inject 0:ebx:0:0x756e6547 --inject 0:edx:0:0x49656e69 --inject 0:ecx:0:0x6c65746e"

# The seed's two and no more, whoever made the CPU.
steps 0 "$empty"
[ "$(grep -c 'step: cpuid' "$log")" = 2 ] || fail "not two CPUIDs"
says 'step: cpuid leaf 0x0 '
says 'step: cpuid leaf 0x1 '
says ' cpuid 2 xgetbv 0$'
steps 0 --count $intel "$empty"
says ' cpuid 2 xgetbv 0$'
# A CPU with no leaves at all is asked once.
steps 0 --count --inject 0:eax:0:0 "$empty"
says ' cpuid 1 xgetbv 0$'
[ $# -ge 5 ] || exit 0

# lacks LEVEL PROGRAM INJECTION...: refused with one line, status 1.
lacks() {
  level=$1 program=$2
  shift 2
  steps 1 $all "$@" "$program"
  says "^rt0: .*x86-64-v$level"
  [ "$(grep -vc '^step: ' "$log")" = 1 ] || fail "not one line"
}
for level in 2 3 4; do
  eval "program=\$$((level + 1))"
  steps 0 $all "$program"
  lacks "$level" "$program" --inject 0:eax:0:0
  lacks "$level" "$program" --inject 1:ecx:0xfffffffe:0               # SSE3
  lacks "$level" "$program" --inject 1:ecx:0xff7fffff:0               # POPCNT
  lacks "$level" "$program" --inject 0x80000000:eax:0:0x80000000      # no leaf 0x80000001
  lacks "$level" "$program" --inject 0x80000001:ecx:0xfffffffe:0      # LAHF
done
for level in 3 4; do
  eval "program=\$$((level + 1))"
  lacks "$level" "$program" --inject 7:ebx:0xffffffdf:0               # AVX2
  lacks "$level" "$program" --inject 1:ecx:0xf7ffffff:0               # OSXSAVE
  lacks "$level" "$program" --inject 0x80000001:ecx:0xffffffdf:0      # LZCNT
  lacks "$level" "$program" --inject xgetbv:eax:0xfffffffb:0          # the kernel saves no ymm
done
lacks 4 "$5" --inject 7:ebx:0xfffeffff:0                              # AVX512F
lacks 4 "$5" --inject xgetbv:eax:0xffffff1f:0                         # the kernel saves no zmm
