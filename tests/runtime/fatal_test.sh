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

# What only RT0_DEBUG=check=1 finds, each also without it.
checked() {
  how=$1
  shift
  dies "$how" --env RT0_DEBUG=check=1 "$@"
}
order="fatal error: lock ordering problem\n"
checked lock-order --status 2 --stderr-has "lock sched (0x" --stderr-has "by an M that holds timers (0x" \
  --stderr-has "$order"
checked lock-order-of-one-rank --status 2 --stderr-has "lock timers (0x" \
  --stderr-has "by an M that holds timers (0x" --stderr-has "$order"
checked lock-of-another --status 2 \
  --stderr-has "fatal error: a lock is released by an M that does not hold it\n"
checked unclaimed --status 2 --stderr-has "waiting -> runnable by m=" \
  --stderr-has "fatal error: casgstatus: not this M's to move\n"
checked without-p --status 2 \
  --stderr-has "running -> runnable by m=0 without a P, which runs goroutine 1; its own m=0"
checked overrun --status 2 --stderr-has "fatal error: goroutine 1: its G was written over\n"
checked overrun-then-fault --signal 11 --stderr-has "goroutine 1: its G was written over\n"
checked end-of-g --status 2 --stderr-has ": its G was written over\n"
checked end-of-stack --status 2 --stderr-has ": its stack was used up, or written over\n"
for how in lock-order lock-order-of-one-rank lock-of-another without-p end-of-g end-of-stack; do
  dies $how --status 0 --stderr-lines 0
done

for procs in 1 4; do
  for how in deadlock-bound deadlock-all-bound; do
    dies $how --timeout 20 --env RT0_MAXPROCS=$procs --status 2 \
      --stderr-has "fatal error: all goroutines are asleep - deadlock!\n" \
      --stderr-has "goroutine 1 [condition wait, locked to thread]:\n"
  done
done
