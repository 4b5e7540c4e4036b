#!/bin/sh
# ends_test.sh EXPECT FAILURE_PROBE: reports that differ from run to run, and what else is true of
# an end.
set -eu
expect=$1 probe=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
SIGQUIT=3 SIGABRT=6 SIGSEGV=11
dies() {
  how=$1
  shift
  "$expect" --rlimit-core 0 --timeout 30 "$@" -- "$probe" "$how"
}
# count WORD FILE N
count() {
  [ "$(grep -c "$1" "$2")" = "$3" ] || { echo "not $3 times '$1':"; cat "$2"; exit 1; }
}

for procs in 1 2 8; do
  for i in 1 2 3 4 5; do
    # Two at once: one report, whole, and one end.
    ulimit -c 0
    RT0_MAXPROCS=$procs "$probe" panic-race 2>"$work/said" && exit 1
    count "^panic: uncaught exception of type std::runtime_error: it broke" "$work/said" 1
    count "^created by " "$work/said" 1
    RT0_MAXPROCS=$procs "$probe" crash-race 2>"$work/said" && exit 1
    count "^SIGSEGV: segmentation violation" "$work/said" 1
    count "^rip " "$work/said" 1
  done
done

RT0_MAXPROCS=4 "$probe" crash-dumps-all-threads 2>"$work/said"
count "^created by crash_dumps_all_threads(...) in goroutine 1" "$work/said" 3
count "failure_probe.cc:.* +0x" "$work/said" 8

# A core, which the kernel writes where it may.
dies simple-deadlock --signal $SIGABRT --env RT0_TRACEBACK=crash --stderr-has "runtime stack:\n"

# An inherited SIG_IGN stays.
(
  trap '' QUIT
  "$probe" quit-goes-on >"$work/out" 2>"$work/said"
)
count "went on" "$work/out" 1
[ ! -s "$work/said" ] || { cat "$work/said"; exit 1; }

# While others run.
cycle="\nlock cycle:\n"
dies live-cycle --status 0 --env RT0_DEBUG=lockcycle=1 \
  --stderr-has "$cycle" --stderr-has " waits for a mutex of goroutine "
dies live-cycle --status 0 --stderr-lines 0
for one in rwlock-cycle:"an rwlock of" once-cycle:"a mutex of" once-cycle:"what is done once by" \
  rt-once-cycle:"what is done once by" static-cycle:"what is done once by"; do
  dies "${one%%:*}" --status 0 --env RT0_DEBUG=lockcycle=1 \
    --stderr-has "$cycle" --stderr-has " waits for ${one#*:} goroutine "
done
for none in ownerless-cycle timed-cycle; do
  dies $none --status 0 --env RT0_DEBUG=lockcycle=1 --stderr-lines 0
done
dies join-cycle --status 0 --env RT0_DEBUG=lockcycle=1 --stderr-has " waits for the end of goroutine "
dies hog --status 0 --env RT0_DEBUG=stall=100 \
  --stderr-has "stall: goroutine 1 has run for 1" --stderr-has "hog(...)\n"
dies hog --status 0 --stderr-lines 0

# Calls that hold a kernel thread are named, once each; what parks is none.
stall() {
  RT0_DEBUG=$3,stall=100 "$probe" "$1" 2>"$work/said"
  held="^stall: goroutine [0-9]* has held its kernel thread for [1-9][0-9][0-9][0-9]* ms"
  count "$held, in system call $2, first " "$work/said" 1
  count "has held" "$work/said" 1
  count "^$4(" "$work/said" 1
}
for procs in 1 4; do
  export RT0_MAXPROCS=$procs
  stall file-lock "73 (flock)" perturb=0 lock_file
  stall wait-for-child "61 (wait4)" uring=0 wait_for
  stall file-lock-in-blocking "73 (flock)" perturb=0 lock_file
  RT0_DEBUG=stall=100 "$probe" short-calls 2>"$work/said"
  count "in system call" "$work/said" 0
done
unset RT0_MAXPROCS
