#!/bin/sh
# schedinit_test.sh EXPECT EMPTY: rt0_go and schedinit step by step, by RT0_DEBUG=inittrace=1: what was in
# registers and memory, and what each step made of the environment and the limits. Only for programs on rt0.
set -eu
expect=$1 empty=$2
log=$(mktemp)
trap 'rm -f "$log"' EXIT

fail() { echo "schedinit_test: $1"; cat "$log"; exit 1; }
# trace COMMAND...: runs it with the trace on.
trace() { RT0_DEBUG=inittrace=1 "$@" 2>"$log" || fail "status $?: $*"; }
# value STEP KEY: what the step's line says of the key.
value() { sed -n "s/^$1 .*\\b$2=\\([^ ]*\\).*/\\1/p" "$log" | head -n 1; }
# is STEP KEY WANTED
is() { [ "$(value "$1" "$2")" = "$3" ] || fail "$1 $2 is '$(value "$1" "$2")', not '$3'"; }
number() { echo $(($(value "$1" "$2"))); }

# rt0_go: arguments, g0's stack, the registers.
trace "$empty" one two
is 'rt0_go args' argc 3
lo=$(number rt0_go lo) hi=$(number rt0_go hi)
[ $((hi - lo)) = $((65536 - 104)) ] || fail "g0's stack has $((hi - lo)) bytes"
is rt0_go guard0 "$(value rt0_go lo)"
is rt0_go guard1 "$(value rt0_go lo)"
g0=$(sed -n 's/^rt0_go g0=\([^ ]*\) .*/\1/p' "$log")
is 'rt0_go settls' fs "$g0"
is 'rt0_go settls' m0.g0 "$g0"
is 'rt0_go settls' g0.m "$(value 'rt0_go settls' gs)"
case $(value 'rt0_go settls' canary) in
  0x*[1-9a-f]*00??) ;; # not zero, but byte 1 is
  *) fail "canary" ;;
esac
[ "$(number rt0_go version)" != 0 ] || fail "no processor version"

# osinit: the CPUs that we may use.
is osinit page 4096
is osinit ncpu "$(nproc)"
trace taskset -c 0 "$empty"
is osinit ncpu 1
is procresize gomaxprocs 1

# The image.
trace "$empty"
[ "$(number moduledataverify unwind_entries)" -gt 50 ] || fail "too few unwind entries"
is mallocinit mapped 0
is mcommoninit id 0
is mcommoninit maxmcount 10000
is fastrandinit nonzero 1
is procresize lastpoll 1
text=$(value modulesinit text) core=$(value modulesinit core)
[ $((${core%-*})) -ge $((${text%-*})) ] || fail "core text before text"
[ $((${core#*-})) -le $((${text#*-})) ] || fail "core text behind text"
[ "$(number gcinit roots)" -ge 2 ] || fail "g0's stack and the data segment are roots"
[ "$(number goenvs locale)" != 0 ] || fail "no locale"

# stackinit: RLIMIT_STACK, rounded up to a power of two; glibc's 2 MiB where there is no limit.
trace sh -c "ulimit -s 1024; exec $empty"
is stackinit thread_stack 1048576
trace sh -c "ulimit -s 1025; exec $empty"
is stackinit thread_stack 2097152
if (ulimit -s unlimited) 2>/dev/null; then
  trace sh -c "ulimit -s unlimited; exec $empty"
  is stackinit thread_stack 2097152
fi
trace env RT0_THREAD_STACK=300000 "$empty"
is stackinit thread_stack 524288

# cpuinit: the fallback can be forced.
trace env RT0_DEBUG=inittrace=1,fsgsbase=0 "$empty"
is cpuinit fsgsbase 0

# sigsave: a mask that the parent left.
trace "$expect" --block-signal 10 --stderr-has "sigsave mask=0x200" -- "$empty"

# procs: RT0_MAXPROCS before GOMAXPROCS before the CPUs.
trace env GOMAXPROCS=5 "$empty"
is procresize gomaxprocs 5
trace env GOMAXPROCS=5 RT0_MAXPROCS=3 "$empty"
is procresize gomaxprocs 3
trace env RT0_MAXPROCS=1024 "$empty"
is procresize gomaxprocs 1024
