/* Who owns a P around system calls; shared by syscall.pml and stop_the_world.pml (which defines STOP).
 *
 * runtime/sched/machine.cc acquirep, releasep, pidleput, pidleget, startm, stopm, handoffp; sysmon.cc
 * retake_from_syscall; stop_the_world.cc stop_here, gcstopm; entersyscall and exitsyscall after Go 1.21
 * proc.go. What is done under sched.lock without a second effect that others see is one atomic step; the
 * stopper's section is not, so sched_lock is a variable.
 */
#define NG 2
#define NONE 255

/* pstatus */
#define IDLE 0
#define RUNNING 1
#define SYSCALL 2
#define GCSTOP 3

byte pstatus[NP];
byte pm[NP] = NONE;      /* p::m */
bool on_pidle[NP];       /* sched.pidle */
byte fresh_p;            /* sched.fresh_p */

byte mp_p[NM] = NONE;    /* m::p */
byte nextp[NM] = NONE;   /* m::nextp, with the note's wake-up */
bool on_midle[NM];       /* sched.midle */

bool sched_lock = false;
bool gcwaiting = false;
bool world_stopped = false;
short stopwait = 0;
bool stopnote = false;

/* Where a goroutine is: on a P's queue (0 .. NP-1), or: */
#define GLOBAL 100
#define ON_M 101
#define FINISHED 102
byte where[NG];
byte calls[NG];          /* system calls that it will make */
bool slow;               /* goroutine 0's calls last until goroutine 1 has finished */

#define ALL_FINISHED (where[0] == FINISHED && where[1] == FINISHED)
#define HAS_LOCAL(pp) (where[0] == pp || where[1] == pp)
#define HAS_GLOBAL (where[0] == GLOBAL || where[1] == GLOBAL)

inline acquirep(pp) {
  atomic {
    assert(pm[pp] == NONE && mp_p[me] == NONE);
    assert(pstatus[pp] == IDLE);
    assert(!world_stopped);
    pm[pp] = me;
    mp_p[me] = pp
  };
  pstatus[pp] = RUNNING
}

inline releasep() {
  atomic {
    pp = mp_p[me];
    assert(pm[pp] == me && pstatus[pp] == RUNNING);
    mp_p[me] = NONE;
    pm[pp] = NONE;
    pstatus[pp] = IDLE
  }
}

/* Within the lock. */
inline pidleput(pp) {
  assert(!HAS_LOCAL(pp) && !on_pidle[pp] && pstatus[pp] == IDLE);
  on_pidle[pp] = true
}

/* Within the lock. A P that was never used is given out only while nobody stops the world. */
inline pidleget(got) {
  got = 0;
  do
  :: got < NP && on_pidle[got] -> on_pidle[got] = false; break
  :: got < NP && !on_pidle[got] -> got++
  :: got == NP ->
     if
#ifdef MUTANT_pidleget_gives_fresh_p
     :: fresh_p < NP -> got = fresh_p; fresh_p++
#else
     :: fresh_p < NP && !gcwaiting -> got = fresh_p; fresh_p++
#endif
     :: else -> got = NONE
     fi;
     break
  od
}

/* startm with a P in hand. NM Ms are enough: one is idle or on its way there (newm is left out). */
inline startm(pp) {
  atomic {
    !sched_lock && (on_midle[0] || on_midle[1] || on_midle[2] || on_midle[NM - 1]);
    target = 0;
    do
    :: on_midle[target] -> on_midle[target] = false; break
    :: else -> target++
    od
  };
  atomic { assert(nextp[target] == NONE); nextp[target] = pp; target = 0; pp = NONE }
}

/* Within the lock: stop_here, count_stopped. */
inline count_stopped(pp) {
  assert(pstatus[pp] == IDLE);
  pstatus[pp] = GCSTOP;
  assert(stopwait > 0);
  stopwait--;
  if
  :: stopwait == 0 -> stopnote = true
  :: else
  fi
}

/* machine.cc handoffp (nobody spins in this model). */
inline handoffp(pp) {
  if
  :: HAS_LOCAL(pp) || HAS_GLOBAL -> startm(pp)
  :: else ->
     atomic {
       !sched_lock;
       if
#if defined(STOP) && !defined(MUTANT_handoff_ignores_stop)
       :: gcwaiting -> count_stopped(pp); pp = NONE
       :: !gcwaiting && HAS_GLOBAL
       :: !gcwaiting && !HAS_GLOBAL -> pidleput(pp); pp = NONE
#elif defined(MUTANT_handoff_looks_once)
       :: pidleput(pp); pp = NONE
#else
       :: HAS_GLOBAL
       :: !HAS_GLOBAL -> pidleput(pp); pp = NONE
#endif
       fi
     };
     if
     :: pp != NONE -> startm(pp)
     :: pp == NONE
     fi
  fi
}

inline entersyscall() {
  atomic { pp = mp_p[me]; oldp = pp };
#ifdef MUTANT_status_before_m
  pstatus[pp] = SYSCALL;
#endif
  atomic { mp_p[me] = NONE; pm[pp] = NONE };
#ifndef MUTANT_status_before_m
  pstatus[pp] = SYSCALL;
#endif
#if defined(STOP) && !defined(MUTANT_enter_without_second_look)
  /* seq_cst between the store and this load; Go's entersyscall_gcwait */
  if
  :: gcwaiting ->
     atomic {
       !sched_lock;
       if
       :: stopwait > 0 && pstatus[pp] == SYSCALL -> pstatus[pp] = IDLE; count_stopped(pp)
       :: else
       fi
     }
  :: !gcwaiting
  fi;
#endif
  pp = NONE
}

/* Leaves with a P, or with gp on the global queue and pp == NONE. */
inline exitsyscall(gp) {
#ifdef MUTANT_exit_stores
  if
  :: pstatus[oldp] == SYSCALL -> pstatus[oldp] = IDLE; pp = oldp
  :: else
  fi;
#else
  atomic {
    if
    :: pstatus[oldp] == SYSCALL -> pstatus[oldp] = IDLE; pp = oldp
    :: else
    fi
  };
#endif
  oldp = NONE;
  if
  :: pp == NONE -> /* exitsyscall0 */
     atomic {
       !sched_lock;
       pidleget(pp);
#ifdef MUTANT_exit_queues_unlocked
     };
     atomic {
       !sched_lock;
#endif
       if
       :: pp == NONE -> where[gp] = GLOBAL
       :: else
       fi
     }
  :: pp != NONE
  fi;
  if
  :: pp != NONE -> acquirep(pp)
  :: pp == NONE
  fi;
  pp = NONE
}

/* runqget, globrunqget under the lock, steal: one goroutine from anywhere. */
inline find(gp) {
  atomic {
    gp = 0;
    do
    :: gp < NG && (where[gp] < NP || where[gp] == GLOBAL && !sched_lock) -> where[gp] = ON_M; break
    :: gp < NG && where[gp] >= NP && !(where[gp] == GLOBAL && !sched_lock) -> gp++
    :: gp == NG -> gp = NONE; break
    od
  }
}

#ifdef STOP
inline gcstopm() {
  releasep();
  atomic {
    !sched_lock;
    assert(gcwaiting); /* it cannot have gone by: this P was not counted yet */
    count_stopped(pp)
  }
}
#endif

proctype m(byte me; byte gp) {
  byte pp = NONE, oldp = NONE, target = 0;
  if
  :: gp != NONE -> goto running
  :: gp == NONE
  fi;
asleep:
  pp = NONE;
  atomic { !sched_lock; assert(mp_p[me] == NONE); on_midle[me] = true }; /* stopm */
end_asleep:
  atomic { nextp[me] != NONE -> pp = nextp[me]; nextp[me] = NONE };
  acquirep(pp);
schedule:
  pp = NONE;
#ifdef STOP
  if
  :: gcwaiting -> gcstopm(); goto asleep
  :: !gcwaiting
  fi;
#endif
  find(gp);
  if
  :: gp == NONE ->
     atomic { /* findrunnable's last look at the global queue, releasep and pidleput under one lock */
       !sched_lock;
       if
       :: HAS_GLOBAL || gcwaiting -> goto schedule
       :: else
       fi;
       releasep();
       pidleput(pp)
     };
     goto asleep
  :: gp != NONE
  fi;
running:
  if
  :: calls[gp] > 0 ->
     calls[gp]--;
     entersyscall();
     !(slow && gp == 0) || where[1] == FINISHED; /* in the kernel */
     exitsyscall(gp);
     if
     :: mp_p[me] == NONE -> gp = NONE; goto asleep
     :: mp_p[me] != NONE -> goto running
     fi
#ifdef STOP
  :: gcwaiting -> /* preempted */
     atomic { !sched_lock; where[gp] = GLOBAL; gp = NONE };
     goto schedule
#endif
  :: calls[gp] == 0 -> atomic { where[gp] = FINISHED; gp = NONE }; goto schedule
  fi
}

/* sysmon.cc retake. It sleeps while the world is stopped; it may have looked before. */
proctype sysmon() {
  byte pp = NONE, i, target = 0;
end:
  do
  :: atomic {
       !gcwaiting && (pstatus[0] == SYSCALL || pstatus[1] == SYSCALL || pstatus[NP - 1] == SYSCALL) ->
       i = 0;
       do
       :: pstatus[i] == SYSCALL -> break
       :: i < NP - 1 -> i++
       :: i == NP - 1 && pstatus[i] != SYSCALL -> break
       od
     };
     if
     :: atomic { pstatus[i] == SYSCALL -> pstatus[i] = IDLE; pp = i };
        handoffp(pp)
     :: pstatus[i] != SYSCALL
     fi
  od
}

/* When nothing moves any more. */
proctype judge() {
  timeout;
  assert(ALL_FINISHED)
}
