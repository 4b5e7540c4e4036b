/* Submitters and idling Ms: runtime/sched/machine.cc wakep, startm, handoffp; runq.cc work_is_queued; park.cc
 * commit_yield, commit_preempt; findrunnable.cc give_up_p, rest. Can work lie on a queue while a P is idle
 * and every M asleep?
 *
 * Two goroutines run on a P each and submit one goroutine each to their own ring; then
 *   on P 0 it runs for ever, or is preempted once, perhaps after it gave way once (yield);
 *   on P 1 it runs for ever, or blocks and its M gives the P away (handoffp).
 * One more P, or two, is worked by two Ms; a third is made where those two run something for ever. A
 * goroutine that was submitted, or preempted, runs shortly or for ever. P 0's M becomes one more worker if a
 * preemption leads it to the scheduler.
 *
 * Promela is sequentially consistent, the machine is not. Every store that somebody looks at without a lock
 * goes through its M's store buffer, which reaches memory at any later time, or at the next fence: the
 * ring's tail, and the idler's npidle++ and nmspinning--. (On amd64 the last two are locked instructions,
 * fences themselves; other CPUs let a relaxed one wait.) The store to sched.runqsize is a fence. The P list
 * itself is read and written under sched.lock only.
 *
 * Property: when nothing moves any more, no work lies on a queue while a P is idle; nmspinning is never below
 * 0.
 *
 * The cure that is verified: every M that gives a P up, spinning or not, looks at all queues again after it
 * is on the idle list; wakep, when it gets no P, takes nmspinning back before it leaves sched.lock; who puts
 * a goroutine on a queue calls wakep. Go's is another: only a spinning M looks again, wakep takes the lock
 * even if npidle is 0, and where it finds no P it leaves needspinning, which makes the next M that gives up
 * spin instead.
 *
 * A yield is not a submitter of that kind: without a fence it may miss the P that goes idle. What it leaves
 * behind waits for the end of the slice (sysmon), here the preemption.
 *
 *   VARIANT relaxed_handoff
 *   VARIANT relaxed_preempt
 *   VARIANT poller_alone
 *   MUTANT no_recheck: (work[0]+work[1])+global)>0
 *   MUTANT no_submit_fence: (work[0]+work[1])+global)>0
 *   MUTANT no_idle_fence: (work[0]+work[1])+global)>0
 *   MUTANT only_spinners_recheck: (work[0]+work[1])+global)>0
 *   MUTANT late_phantom_decrement: (work[0]+work[1])+global)>0
 *   MUTANT recheck_before_decrement: (work[0]+work[1])+global)>0
 *   MUTANT found_without_wakep: (work[0]+work[1])+global)>0
 *   MUTANT handoff_without_recheck: (work[0]+work[1])+global)>0
 *   MUTANT handoff_without_fence: (work[0]+work[1])+global)>0
 *   MUTANT preempt_without_wakep: (work[0]+work[1])+global)>0
 *   MUTANT yield_without_slice: (work[0]+work[1])+global)>0
 */
/* The base has both, and a preemption that always comes; npidle and nmspinning are changed by locked
 * instructions, as on amd64. The two `relaxed` have one of both, at will, and RELAXED counts. In them are the
 * mutants that such a preemption would save. */
#if defined(VARIANT_relaxed_handoff) || defined(MUTANT_no_submit_fence) || defined(MUTANT_no_idle_fence) || \
    defined(MUTANT_only_spinners_recheck) || defined(MUTANT_handoff_without_recheck) ||                      \
    defined(MUTANT_handoff_without_fence)
#define RELAXED
#define HANDOFF
#elif defined(VARIANT_relaxed_preempt) || defined(MUTANT_yield_without_slice)
#define RELAXED
#define PREEMPT
#else
#define HANDOFF
#define PREEMPT
#endif

/* Who has a store buffer, and a place in the arrays: workers 0 and 1; the one that newm makes; P 0's M, after
 * a preemption; P 1's M, which has a store buffer only. */
#define BORN_LATE 2
#define P0_M 3
#define P1_M 4
#define WORKERS 4

/* A P in an M's hand: its ring is empty, as all are that were on the idle list, or it is one of the two. */
#define NO_P 0
#define EMPTY_P 1
#define P0 2
#define P1 3

/* sched.lock: what is done under it is one atomic step. */
byte pidle = 0;         /* length of sched.pidle */
bool asleep[WORKERS];   /* on sched.midle */
bool exists[WORKERS];   /* newm made it */
bool tied[WORKERS + 1]; /* its goroutine runs for ever; or it is in startm */
byte has_p[WORKERS];    /* m::p */
byte nextp[WORKERS];    /* m::nextp, with the note's wake-up */
bool spinning[WORKERS]; /* m::spinning */

byte npidle = 0;
byte nmspinning = 0;
byte work[2]; /* the rings */
byte global = 0;

/* Store buffers. */
bool pending_work[2];
bool pending_npidle[WORKERS + 1], pending_nmspinning[WORKERS];

inline flush_npidle(w) { d_step { pending_npidle[w] -> pending_npidle[w] = false; npidle++ } }
inline flush_nmspinning(w) {
  d_step { pending_nmspinning[w] -> assert(nmspinning > 0); pending_nmspinning[w] = false; nmspinning-- }
}

#ifdef RELAXED
#define store_npidle(w) pending_npidle[w] = true
#define store_nmspinning(w) pending_nmspinning[w] = true
#else
#define store_npidle(w) npidle++
#define store_nmspinning(w) assert(nmspinning > 0); nmspinning--
#endif

proctype store_buffers() {
end:
  do
  :: d_step { pending_work[0] -> pending_work[0] = false; work[0]++ }
  :: d_step { pending_work[1] -> pending_work[1] = false; work[1]++ }
#ifdef RELAXED
  :: flush_npidle(0)
  :: flush_npidle(1)
  :: flush_npidle(BORN_LATE)
  :: flush_nmspinning(0)
  :: flush_nmspinning(1)
  :: flush_nmspinning(BORN_LATE)
#ifdef PREEMPT
  :: flush_npidle(P0_M)
  :: flush_nmspinning(P0_M)
#endif
#ifdef HANDOFF
  :: flush_npidle(P1_M)
#endif
#endif
  od
}

/* The lock's release and acquire carry what its earlier holders stored. */
inline locked() {
#ifdef RELAXED
  d_step {
    npidle = npidle + pending_npidle[0] + pending_npidle[1] + pending_npidle[BORN_LATE] +
             pending_npidle[P0_M] + pending_npidle[P1_M];
    pending_npidle[0] = false;
    pending_npidle[1] = false;
    pending_npidle[BORN_LATE] = false;
    pending_npidle[P0_M] = false;
    pending_npidle[P1_M] = false
  }
#else
  skip
#endif
}

/* Within sched.lock. */
inline pidleget(got) {
  got = pidle > 0;
  if
  :: got -> pidle--; npidle--
  :: else -> skip
  fi
}

/* startm with a P in hand: mget, nextp, wakeup; newm where no M is idle. One more M than there are is made
 * only if none of them will ever sleep: else startm waits for one that is on its way, which leaves
 * interleavings out but no M awake. */
#define MAKES_ONE (!exists[BORN_LATE] && tied[0] && tied[1] && (!exists[P0_M] || tied[P0_M]))

inline startm(pp, spins) {
  atomic {
    tied[me] = true;
    (asleep[0] || asleep[1] || asleep[BORN_LATE] || asleep[P0_M] || MAKES_ONE);
    locked();
    d_step {
      if
      :: asleep[0] -> i = 0
      :: else ->
         if
         :: asleep[1] -> i = 1
         :: else ->
            if
            :: asleep[P0_M] -> i = P0_M
            :: else -> i = BORN_LATE
            fi
         fi
      fi;
      asleep[i] = false;
      exists[i] = true;
      tied[me] = false
    }
  };
  d_step { spinning[i] = spins; nextp[i] = pp; i = 0 }
}

/* machine.cc wakep. */
inline wakep() {
  do
  :: npidle == 0 -> break
  :: npidle != 0 ->
     if
     :: d_step { nmspinning == 0 -> nmspinning = 1 }
     :: nmspinning != 0 -> break
     fi;
     atomic {
       locked();
       pidleget(got);
#ifndef MUTANT_late_phantom_decrement
       if
       :: !got -> nmspinning--
       :: got
       fi
#endif
     };
     if
     :: got -> startm(EMPTY_P, true)
     :: !got
#ifdef MUTANT_late_phantom_decrement
        -> nmspinning--
#endif
     fi;
     break
  od;
  got = false
}

/* runq.cc work_is_queued. P 1's ring is empty where handoffp looks. */
inline look_at(queue) {
  if
  :: !found && queue > 0 -> found = true
  :: found || queue == 0
  fi
}
inline work_is_queued_elsewhere() {
  found = false;
#ifdef PREEMPT
  look_at(global);
#endif
  look_at(work[0])
}
inline work_is_queued() {
  work_is_queued_elsewhere();
  look_at(work[1])
}

/* One from a ring, by its owner or a thief: the CAS on its runqhead. */
inline take(ring) {
  if
  :: d_step { work[ring] > 0 -> work[ring]--; got = true }
  :: work[ring] == 0
  fi
}

/* runq.cc runqput's runqtail.store(release), then its caller's wakep. */
inline submit(ring) {
  pending_work[ring] = true;
#ifndef MUTANT_no_submit_fence
  !pending_work[ring]; /* atomic_thread_fence(seq_cst) */
#endif
  wakep()
}

/* machine.cc handoffp, of P 1. */
inline handoffp() {
  if
  :: work[1] > 0 || pending_work[1] || global > 0 -> goto has_work
  :: !(work[1] > 0 || pending_work[1] || global > 0)
  fi;
  if
  :: nmspinning == 0 ->
     if
     :: npidle == 0 ->
        if
        :: d_step { nmspinning == 0 -> nmspinning = 1 }; startm(P1, true); goto blocked
        :: nmspinning != 0
        fi
     :: npidle != 0
     fi
  :: nmspinning != 0
  fi;
  atomic {
    locked();
#ifdef PREEMPT
    if
    :: global == 0
    :: global > 0 -> goto has_work
    fi;
#endif
    pidle++; /* pidleput */
    store_npidle(P1_M)
  };
#ifndef MUTANT_handoff_without_recheck
#ifndef MUTANT_handoff_without_fence
  !pending_npidle[P1_M];
#endif
  work_is_queued_elsewhere();
  if
  :: found -> found = false; wakep()
  :: !found
  fi;
#endif
  goto blocked;
has_work:
  !pending_work[1]; /* startm's lock and the note carry it */
  startm(P1, false);
blocked:
  skip
}

/* A goroutine on P 1 that makes another ready, then runs on for ever or blocks. */
proctype p1_goroutine(byte me) {
  bool got, found;
  byte i;
  submit(1);
#ifdef HANDOFF
#ifndef PREEMPT
  if
  :: true -> goto done
  :: true
  fi;
#endif
  handoffp();
done:
#endif
  skip
}

#ifdef PREEMPT
#ifndef HANDOFF
/* park.cc commit_yield, the next goroutine being taken already. */
inline commit_yield() {
  pending_work[0] = true;
  if
  :: npidle == 0
  :: npidle != 0 -> !pending_work[0]; wakep()
  fi
}
#endif

/* park.cc commit_preempt: put_global, wakep. */
inline commit_preempt() {
  atomic { locked(); work[0] = work[0] + pending_work[0]; pending_work[0] = false; global++ };
#ifndef MUTANT_preempt_without_wakep
  wakep()
#endif
}
#endif

/* The same on P 0, which then runs on for ever, or is preempted: for the ring's next goroutine, or P 0's M
 * asks the scheduler. */
proctype p0_goroutine(byte me) {
  bool got;
  byte i;
  submit(0);
#ifdef PREEMPT
#ifndef HANDOFF
  if
  :: true -> goto done
  :: true
  :: true -> /* yield, straight to the ring's next */
     take(0);
     if
     :: got -> got = false; commit_yield()
     :: !got
     fi;
#ifdef MUTANT_yield_without_slice
     goto done
#endif
  fi;
#endif
  if
  :: true -> /* next_directly; the one that it finds runs for ever */
     take(0);
     if
     :: got -> got = false; commit_preempt(); goto done
     :: !got
     fi
  :: true /* scheduler_is_due */
  fi;
  commit_preempt();
  atomic { exists[P0_M] = true; nextp[P0_M] = P0 };
done:
#endif
  skip
}

inline become_spinning() {
  d_step { nmspinning = nmspinning + !spinning[me]; spinning[me] = true }
}

/* findrunnable.cc give_up_p. */
inline give_up_p() {
  atomic {
    locked();
    if
#ifdef PREEMPT
    :: global > 0 -> global--; goto execute
#endif
    :: global == 0 ->
       assert(has_p[me] != P0 || work[0] + pending_work[0] == 0);
       assert(has_p[me] != P1 || work[1] + pending_work[1] == 0);
       has_p[me] = NO_P; /* releasep, pidleput */
       pidle++;
       store_npidle(me)
    fi
  }
}

/* findrunnable.cc p_for_missed_work. */
inline p_for_missed_work() {
  work_is_queued();
  if
  :: atomic {
       found ->
       locked();
       found = false;
       pidleget(got);
       if
       :: got -> got = false; has_p[me] = EMPTY_P
       :: else -> skip
       fi
     };
     if
     :: has_p[me] != NO_P -> was_spinning = false; become_spinning(); goto top
     :: has_p[me] == NO_P
     fi
  :: !found
  fi
}

/* findrunnable.cc rest; the timers are in idle_m.pml. */
inline rest() {
#ifdef MUTANT_recheck_before_decrement
  p_for_missed_work();
#endif
  was_spinning = spinning[me];
  if
  :: atomic { was_spinning && !pending_nmspinning[me] -> spinning[me] = false; store_nmspinning(me) }
  :: !was_spinning
  fi;
#ifndef MUTANT_no_idle_fence
  !pending_npidle[me] && !pending_nmspinning[me];
#endif
#if defined(MUTANT_only_spinners_recheck)
  if
  :: !was_spinning
  :: was_spinning -> p_for_missed_work()
  fi;
#elif !defined(MUTANT_no_recheck) && !defined(MUTANT_recheck_before_decrement)
  p_for_missed_work();
#endif
  /* stopm */
  atomic { locked(); was_spinning = false; asleep[me] = true };
end_asleep:
  atomic { nextp[me] != NO_P -> assert(has_p[me] == NO_P); has_p[me] = nextp[me]; nextp[me] = NO_P }
}

proctype worker(byte me) {
  bool got, found, was_spinning;
  byte i;
end_unborn:
  if
  :: atomic { nextp[me] != NO_P -> has_p[me] = nextp[me]; nextp[me] = NO_P }
  :: has_p[me] != NO_P
  fi;
top:
#ifdef PREEMPT
  if
  :: has_p[me] == P0 -> take(0)
  :: has_p[me] != P0
  fi;
#endif
#ifdef HANDOFF
  if
  :: has_p[me] == P1 -> take(1)
  :: has_p[me] != P1
  fi;
#endif
#ifdef PREEMPT
  if
  :: got -> goto taken
  :: !got
  fi;
  /* from_global_queue */
  if
  :: global == 0
  :: atomic { global > 0 -> locked(); global--; goto execute }
  fi;
#endif
  /* It spins if 2 * nmspinning < busy Ps: while others spin it may have to do without. */
  if
  :: atomic { !spinning[me] -> become_spinning() }
  :: !spinning[me] && nmspinning > 0 -> goto nothing
  :: spinning[me]
  fi;
  take(0);
  if
  :: !got -> take(1)
  :: got
  fi;
taken:
  if
  :: got -> got = false
  :: !got -> goto nothing
  fi;
execute:
  if
  :: spinning[me] ->
     /* proc.cc resetspinning */
     d_step { spinning[me] = false; assert(nmspinning > 0); nmspinning-- };
#if defined(VARIANT_poller_alone)
     /* What the poller took is run by itself; others only if something is queued. */
     work_is_queued();
     if
     :: found -> found = false; wakep()
     :: !found
     fi
#elif !defined(MUTANT_found_without_wakep)
     wakep()
#endif
  :: !spinning[me]
  fi;
  if
  :: goto top                                        /* it ran shortly */
  :: atomic { tied[me] = true; goto end_for_ever }
  fi;
nothing:
  give_up_p();
  rest();
  goto top;
end_for_ever:
  false
}

/* Nothing moves any more. */
proctype judge() {
  timeout;
  assert(!((work[0] + work[1] + global > 0) && pidle > 0));
  assert(pending_work[0] + pending_work[1] == 0 && npidle == pidle && nmspinning == 0)
}

init {
  atomic {
    /* Worker 0 has come from a goroutine. */
    exists[0] = true;
    exists[1] = true;
    has_p[0] = EMPTY_P;
#ifdef PREEMPT
    asleep[1] = true;
#else
    if
    :: asleep[1] = true
    :: has_p[1] = EMPTY_P /* a fourth P */
    fi;
#endif
    run worker(0);
    run worker(1);
    run worker(BORN_LATE);
#ifdef PREEMPT
    run worker(P0_M);
#endif
    run store_buffers();
    run p0_goroutine(P0_M);
    run p1_goroutine(P1_M);
    run judge()
  }
}
