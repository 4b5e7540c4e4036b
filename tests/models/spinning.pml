/* Submitters and idling Ms: runtime/sched/machine.cc wakep, startm; runq.cc runqput; the last part of
 * findrunnable (Go 1.21 proc.go). Can work lie on a queue while a P is idle and every M asleep?
 *
 * Two goroutines that run for ever, each on a P, submit one goroutine each to their own queue; nobody but a
 * woken thief will run it. Two more Ps are worked by two Ms, or three (VARIANT third_m); each submitted
 * goroutine runs shortly or for ever.
 *
 * Promela is sequentially consistent, the machine is not. Every store that somebody looks at without a lock
 * goes through its M's store buffer, which reaches memory at any later time, or at the next fence: the
 * queue's tail, and the idler's npidle++ and nmspinning--. (On amd64 the last two are locked instructions,
 * fences themselves; other CPUs let a relaxed one wait.) The P list itself is read and written under
 * sched.lock only.
 *
 * Property: when nothing moves any more, no work lies on a queue while a P is idle. nmspinning never below 0.
 *
 * In VARIANT leaves a submitter's slice ends as well, and its goroutine goes to the global queue while its M takes
 * the next one (park.cc commit_preempt); or its M blocks and hands its P over (machine.cc handoffp). Only one of
 * the two, and one P fewer: there must be an M for every P.
 *
 * The cure that is verified: every M, spinning or not, looks at all queues again after its P went to the idle
 * list, and wakep, when it gets no P, takes nmspinning back before it leaves sched.lock. VARIANT go_dance is
 * Go's instead: only a spinning M looks again, wakep has no early return for npidle == 0, and needspinning
 * holds a non-spinning M back.
 *
 *   VARIANT go_dance
 *   VARIANT third_m
 *   VARIANT leaves
 *   MUTANT no_recheck: ((work[0]+work[1])>0)
 *   MUTANT no_submit_fence: ((work[0]+work[1])>0)
 *   MUTANT no_idle_fence: ((work[0]+work[1])>0)
 *   MUTANT only_spinners_recheck: ((work[0]+work[1])>0)
 *   MUTANT dance_early_return: ((work[0]+work[1])>0)
 *   MUTANT dance_late_decrement: ((work[0]+work[1])>0)
 *   MUTANT late_phantom_decrement: ((work[0]+work[1])>0)
 *   MUTANT recheck_before_decrement: ((work[0]+work[1])>0)
 *   MUTANT found_without_wakep: ((work[0]+work[1])>0)
 *   MUTANT preempt_without_wakep: (runqsize>0)
 *   MUTANT handoff_without_recheck: ((work[0]+work[1])>0)
 */
#define SUBMITTERS 2
#ifdef VARIANT_third_m
#define WORKERS 3
#else
#define WORKERS 2
#endif

#if defined(VARIANT_go_dance) || defined(MUTANT_dance_early_return) || defined(MUTANT_dance_late_decrement)
#define GO_DANCE
#endif

#if defined(VARIANT_leaves) || defined(MUTANT_preempt_without_wakep) || defined(MUTANT_handoff_without_recheck)
#define LEAVES
#endif

/* sched.lock: what is done under it is one atomic step. */
byte pidle = 0;          /* length of sched.pidle */
bool asleep[WORKERS];    /* on sched.midle */
bool exists[WORKERS];    /* newm made it */
bool has_p[WORKERS];     /* m::p */
bool nextp[WORKERS];     /* m::nextp, with the note's wake-up */
bool spinning[WORKERS];  /* m::spinning */
bool needspinning = false;

byte npidle = 0;
byte nmspinning = 0;
byte work[SUBMITTERS];
byte runqsize = 0; /* the global queue's; written under sched.lock */

/* Store buffers. */
bool pending_work[SUBMITTERS];
bool pending_npidle[WORKERS], pending_nmspinning[WORKERS];

inline flush_npidle(w) { d_step { pending_npidle[w] -> pending_npidle[w] = false; npidle++ } }
inline flush_nmspinning(w) {
  d_step { pending_nmspinning[w] -> assert(nmspinning > 0); pending_nmspinning[w] = false; nmspinning-- }
}

proctype store_buffers() {
end:
  do
  :: d_step { pending_work[0] -> pending_work[0] = false; work[0]++ }
  :: d_step { pending_work[1] -> pending_work[1] = false; work[1]++ }
  :: flush_npidle(0)
  :: flush_npidle(1)
#if WORKERS > 2
  :: flush_npidle(2)
  :: flush_nmspinning(2)
#endif
  :: flush_nmspinning(0)
  :: flush_nmspinning(1)
  od
}

/* The lock's release and acquire carry what its earlier holders stored. */
inline locked() {
  d_step {
    npidle = npidle + pending_npidle[0] + pending_npidle[1];
    pending_npidle[0] = false;
    pending_npidle[1] = false;
#if WORKERS > 2
    npidle = npidle + pending_npidle[2];
    pending_npidle[2] = false
#endif
  }
}

/* pidleget; Go's pidlegetSpinning sets needspinning where there is none. Within sched.lock. */
inline pidleget(got) {
  got = pidle > 0;
  if
  :: got -> pidle--; npidle--
  :: else -> needspinning = true
  fi
}

/* startm with a P in hand: mget, nextp, wakeup; newm where no M is idle. One more M than there are is never
 * made: startm waits for one that is on its way to sleep instead, which leaves interleavings out but no M
 * awake. */
#if WORKERS > 2
#define THERE_IS_AN_M (asleep[0] || asleep[1] || asleep[2] || !exists[1] || !exists[2])
#else
#define THERE_IS_AN_M (asleep[0] || asleep[1] || !exists[1])
#endif

inline startm(i, spins) {
  atomic {
    THERE_IS_AN_M;
    locked();
    if
    :: asleep[0] -> i = 0
    :: else ->
#if WORKERS > 2
       if
       :: asleep[1] || !exists[1] -> i = 1
       :: else -> i = 2
       fi
#else
       i = 1
#endif
    fi;
    asleep[i] = false;
    exists[i] = true
  };
  atomic { spinning[i] = spins; nextp[i] = true; i = 0 }
}

/* machine.cc wakep. */
inline wakep(got, i) {
  do
  ::
#ifndef GO_DANCE
     if
     :: npidle == 0 -> break
     :: npidle != 0
     fi;
#endif
#ifdef MUTANT_dance_early_return
     if
     :: npidle == 0 -> break
     :: npidle != 0
     fi;
#endif
     if
     :: d_step { nmspinning == 0 -> nmspinning = 1 }
     :: nmspinning != 0 -> break
     fi;
     atomic {
       locked();
       pidleget(got);
#if !defined(MUTANT_late_phantom_decrement) && !defined(MUTANT_dance_late_decrement)
       if
       :: !got -> nmspinning--
       :: got
       fi
#endif
     };
     if
     :: got -> startm(i, true)
     :: !got
#if defined(MUTANT_late_phantom_decrement) || defined(MUTANT_dance_late_decrement)
        -> nmspinning--
#endif
     fi;
     break
  od;
  got = false
}

#ifdef LEAVES
/* park.cc commit_preempt, then schedule(): the P's own ring, else the global queue. */
inline slice_ends() {
  atomic { locked(); runqsize++ }; /* put_global */
  !pending_work[me];               /* the lock was a fence */
#ifndef MUTANT_preempt_without_wakep
  wakep(got, i);
#endif
  if
  :: d_step { work[me] > 0 -> work[me]-- }
  :: work[me] == 0 ->
     atomic {
       locked();
       if
       :: runqsize > 0 -> runqsize--
       :: else -> hands_over = true /* everything was stolen: the M goes to rest, which the workers show */
       fi
     }
  fi
}

/* machine.cc handoffp: the M sits in a system call for ever. */
inline hand_over() {
  if
  :: work[me] > 0 || runqsize > 0 -> startm(i, false)
  :: work[me] == 0 && runqsize == 0 ->
     if
     :: d_step { nmspinning == 0 && npidle == 0 -> nmspinning = 1 };
        startm(i, true)
     :: nmspinning != 0 || npidle != 0 ->
        atomic { locked(); pidle++; npidle++ }; /* nobody else puts on the global queue here */
#ifndef MUTANT_handoff_without_recheck
        if
        :: work[0] > 0 || work[1] > 0 -> wakep(got, i)
        :: work[0] == 0 && work[1] == 0
        fi
#else
        skip
#endif
     fi
  fi
}
#endif

/* A goroutine of the user that makes another ready and then runs on for ever, or leaves. */
proctype submitter(byte me) {
  bool got, hands_over;
  byte i;
  pending_work[me] = true; /* runqput: runqtail.store(release) */
#ifndef MUTANT_no_submit_fence
  !pending_work[me]; /* atomic_thread_fence(seq_cst) */
#endif
  wakep(got, i);
#ifdef LEAVES
  if
  :: me == 0 -> slice_ends()
  :: me == 0 -> hands_over = true
  :: true
  fi;
  if
  :: hands_over -> hand_over()
  :: !hands_over
  fi
#endif
}

/* stealWork's one victim; the CAS on its runqhead. */
inline steal(victim) {
  if
  :: d_step { work[victim] > 0 -> work[victim]--; got = true }
  :: work[victim] == 0
  fi
}

inline become_spinning() {
  spinning[me] = true;
  nmspinning++;
  needspinning = false
}

/* findrunnable, after everything else: gives the P back, looks once more, sleeps. */
inline give_up() {
  atomic {
    locked();
    if
#ifdef GO_DANCE
    :: !spinning[me] && needspinning -> become_spinning(); goto top
    :: !(!spinning[me] && needspinning)
#else
    :: true
#endif
    fi;
#ifdef LEAVES
    if
    :: runqsize > 0 -> goto top
    :: else
    fi;
#endif
    has_p[me] = false; /* releasep, pidleput */
    pidle++;
    pending_npidle[me] = true
  };
#ifdef MUTANT_recheck_before_decrement
  look_again();
#endif
  was_spinning = spinning[me];
  if
  :: atomic { was_spinning && !pending_nmspinning[me] -> spinning[me] = false; pending_nmspinning[me] = true }
  :: !was_spinning
  fi;
#ifndef MUTANT_no_idle_fence
  !pending_npidle[me] && !pending_nmspinning[me];
#endif
#if !defined(MUTANT_no_recheck) && !defined(MUTANT_recheck_before_decrement)
  if
#if defined(GO_DANCE) || defined(MUTANT_only_spinners_recheck)
  :: !was_spinning
  :: was_spinning -> look_again()
#else
  :: look_again()
#endif
  fi;
#endif
  /* stopm */
  was_spinning = false;
  atomic { locked(); asleep[me] = true };
end_asleep:
  atomic { nextp[me] -> nextp[me] = false; assert(!has_p[me]); has_p[me] = true }
}

/* Go's checkRunqsNoP: a P again for whatever lies there, and spin with it. */
inline look_again() {
  found = runqsize > 0;
  if
  :: !found && work[0] > 0 -> found = true
  :: found || work[0] == 0
  fi;
  if
  :: !found && work[1] > 0 -> found = true
  :: found || work[1] == 0
  fi;
  if
  :: atomic {
       found ->
       locked();
       found = false;
       pidleget(got);
       if
       :: got -> got = false; has_p[me] = true
       :: else -> skip
       fi
     };
     if
     :: has_p[me] ->
        atomic {
          if
          :: !spinning[me] -> become_spinning()
          :: spinning[me]
          fi;
          goto top
        }
     :: !has_p[me]
     fi
  :: !found
  fi
}

proctype worker(byte me) {
  bool got, found, was_spinning;
  byte i;
end_unborn:
  exists[me];
end_first:
  if
  :: atomic { nextp[me] -> nextp[me] = false; has_p[me] = true }
  :: has_p[me]
  fi;
top:
#ifdef LEAVES
  if
  :: atomic { runqsize > 0 -> locked(); runqsize--; got = true }
  :: runqsize == 0
  fi;
  if
  :: got -> goto found_work
  :: !got
  fi;
#endif
  /* Own queue: nothing ever. Then it spins if 2 * nmspinning < busy Ps: while others spin it may
   * have to do without. */
  if
  :: atomic { !spinning[me] -> become_spinning() }
  :: atomic { !spinning[me] && nmspinning > 0 -> skip }
  :: spinning[me]
  fi;
  if
  :: spinning[me] ->
     steal(0);
     if
     :: !got -> steal(1)
     :: got
     fi
  :: !spinning[me]
  fi;
found_work:
  if
  :: got ->
     got = false;
     /* Go's resetspinning */
     if
     :: spinning[me] ->
        d_step { spinning[me] = false; assert(nmspinning > 0); nmspinning-- };
#ifndef MUTANT_found_without_wakep
        wakep(got, i)
#endif
     :: !spinning[me]
     fi;
     if
     :: goto top         /* it ran shortly */
     :: atomic { true; goto end_busy } /* it runs for ever */
     fi
  :: !got -> give_up(); goto top
  fi;
end_busy:
  false
}

/* Nothing moves any more. */
proctype judge() {
  timeout;
  assert(!((work[0] + work[1] > 0) && pidle > 0));
  assert(!(runqsize > 0 && pidle > 0));
  assert(pending_work[0] + pending_work[1] == 0 && npidle == pidle && nmspinning == 0)
}

init {
  atomic {
#ifdef LEAVES
    /* One P for both workers; the second comes from the submitter that leaves. */
    exists[0] = true;
    exists[1] = true;
    asleep[1] = true;
    if
    :: has_p[0] = true
    :: asleep[0] = true; pidle = 1; npidle = 1
    fi;
#else
    /* Worker 0 has come from a goroutine; the other P is idle, and worker 1 asleep. */
    exists[0] = true;
    has_p[0] = true;
    if
    :: exists[1] = true; asleep[1] = true; pidle = 1; npidle = 1
    :: exists[1] = true; has_p[1] = true
    fi;
#endif
    run worker(0);
    run worker(1);
#if WORKERS > 2
    run worker(2);
#endif
    run store_buffers();
    run submitter(0);
    run submitter(1);
    run judge()
  }
}
