#!/bin/sh
# fatal_test.sh EXPECT FATAL_PROBE: what the core says when it is misused, and that the process ends.
set -eu
expect=$1 probe=$2
SIGABRT=6
dies() {
  how=$1
  shift
  "$expect" --rlimit-core 0 "$@" -- "$probe" "$how"
}

dies mcall-on-g0 --status 2 --stderr-has "fatal error: runtime: mcall called on m->g0 stack\n"
dies mcall-returns --status 2 --stderr-has "fatal error: runtime: mcall function returned\n"
dies status --status 2 --stderr-has "goroutine 1: waiting -> runnable, found running" \
  --stderr-has "fatal error: casgstatus: bad incoming values\n"
dies edge --status 2 --stderr-has "fatal error: casgstatus: no such transition\n"
dies go-nil --status 2 --stderr-has "fatal error: go of nil func value\n"
dies park-locked --status 2 --stderr-has "fatal error: park while holding a runtime lock\n"
dies unlock-twice --status 2 --stderr-has "fatal error: sync: unlock of unlocked mutex\n"
dies double-free --status 2 --stderr-has "free(): double free"
dies free-inside --status 2 --stderr-has "free(): invalid pointer"
dies smash --signal $SIGABRT --stderr-has "*** stack smashing detected ***: terminated\n"

for procs in 1 4; do
  for how in deadlock-bound deadlock-all-bound; do
    dies $how --timeout 20 --env RT0_MAXPROCS=$procs --status 2 \
      --stderr-has "fatal error: all goroutines are asleep - deadlock!\n" \
      --stderr-has "goroutine 1 [condition wait, locked to thread]:\n"
  done
done
