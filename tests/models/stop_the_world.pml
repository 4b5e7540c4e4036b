/* Stopping the world: runtime/sched/stop_the_world.cc, with all that p_owner.pml says of system calls.
 *
 * One M, on P 0, stops and starts the world twice, while two goroutines run on the other Ps, one of them with
 * a system call, and sysmon takes Ps away. P 2 is idle, or was never used.
 *
 * Properties: every P is counted once (stopwait is never negative, and 0 when stop_the_world returns); then
 * no M has a P, and nobody gets one until start_the_world (acquirep's assertion); afterwards everything
 * finishes.
 *
 *   MUTANT enter_without_second_look: assertion violated ((where[0]==102)&&(where[1]==102))
 *   MUTANT stopper_counts_without_cas: assertion violated (pstatus[pp]==0)
 *   MUTANT handoff_ignores_stop: assertion violated ((where[0]==102)&&(where[1]==102))
 *   MUTANT pidleget_gives_fresh_p: assertion violated
 *   MUTANT start_without_wakep: assertion violated ((where[0]==102)&&(where[1]==102))
 */
#define NP 3
#define NM 3
#define STOP
#include "p_owner.pml"

/* Ps in system calls, with everybody else who may be at them. */
inline stop_in_syscall(i) {
#ifdef MUTANT_stopper_counts_without_cas
  if
  :: pstatus[i] == SYSCALL -> pstatus[i] = GCSTOP; stopwait--
  :: else
  fi
#else
  atomic {
    if
    :: pstatus[i] == SYSCALL -> pstatus[i] = GCSTOP; stopwait--
    :: else
    fi
  }
#endif
}

inline stop_the_world() {
  /* begin_stop */
  atomic { !sched_lock -> sched_lock = true };
  atomic {
    assert(!gcwaiting);
    stopwait = NP;
    stopnote = false; /* clear */
    gcwaiting = true  /* seq_cst */
  };
  atomic { pstatus[0] = GCSTOP; stopwait-- };
  stop_in_syscall(1);
  stop_in_syscall(2);
  atomic {
    i = 0;
    do
    :: i < NP && on_pidle[i] -> on_pidle[i] = false; pstatus[i] = GCSTOP; stopwait--; i++
    :: i < NP && !on_pidle[i] -> i++
    :: i == NP -> break
    od;
    stopwait = stopwait - (NP - fresh_p);
    assert(stopwait >= 0);
    must_wait = stopwait > 0;
    sched_lock = false
  };
  if
  :: must_wait -> stopnote
  :: !must_wait
  fi;
  atomic {
    world_stopped = true;
    assert(stopwait == 0);
    assert(mp_p[0] == NONE && mp_p[1] == NONE && mp_p[2] == NONE);
    assert(pstatus[0] == GCSTOP && pstatus[1] == GCSTOP);
    assert(pstatus[2] == GCSTOP || fresh_p == 2)
  }
}

inline start_the_world() {
  atomic {
    !sched_lock;
    world_stopped = false;
    gcwaiting = false;
    /* procs_to_idle */
    pstatus[0] = RUNNING;
    i = 1;
    do
    :: i < fresh_p ->
       pstatus[i] = IDLE;
       if
       :: HAS_LOCAL(i) -> runnable[i] = true
       :: else -> pidleput(i)
       fi;
       i++
    :: i >= fresh_p -> break
    od
  };
  i = 1;
  do
  :: i < NP && runnable[i] -> runnable[i] = false; pp = i; startm(pp); i++
  :: i < NP && !runnable[i] -> i++
  :: i == NP -> break
  od;
#ifndef MUTANT_start_without_wakep
  /* wakep (nobody spins in this model) */
  atomic { !sched_lock; pidleget(pp) };
  if
  :: pp != NONE -> startm(pp)
  :: pp == NONE
  fi
#else
  skip
#endif
}

proctype stopper() {
  byte pp = NONE, target = 0, i;
  bool must_wait, runnable[NP];
  byte rounds = 0;
  do
  :: rounds < 2 ->
     rounds++;
     stop_the_world();
     start_the_world()
  :: rounds == 2 -> break
  od
}

init {
  atomic {
    calls[0] = 1;
    calls[1] = 0;
    if
    :: slow = true
    :: slow = false
    fi;
    where[0] = ON_M; /* M 0 runs it on P 1, where goroutine 1 waits */
    where[1] = 1;
    pm[1] = 0;
    mp_p[0] = 1;
    pstatus[0] = RUNNING;
    pstatus[1] = RUNNING;
    if
    :: fresh_p = 2
    :: fresh_p = 3; on_pidle[2] = true
    fi;
    run m(0, 0);
    run m(1, NONE);
    run m(2, NONE);
    run judge();
    run sysmon();
    run stopper()
  }
}
