/* How a goroutine parks, and how exactly one event ends its wait: runtime/sched/park.h, park.cc.
 *
 * One goroutine waits WAITS times. Two Ms run it, so that it may be resumed elsewhere while the M that it
 * left is still completing the switch. Three ends compete for each wait: a waker that finds the wait node
 * under the bucket's lock, the timer (of the odd waits), and a canceller that may keep its ticket as long as
 * it likes. The goroutine may be preempted between the publication of its ticket and the park.
 *
 * Properties: one claimer wins each wait, and it holds a ticket of this wait; the goroutine is made runnable
 * once a wait, when its registers are saved; no wait is left for ever (the waker always comes, so a hang is a
 * loss).
 *
 *   MUTANT commit_without_cas: invalid end state
 *   MUTANT commit_forgets_claimed: invalid end state
 *   MUTANT claim_ignores_generation: assertion violated (ticket==generation)
 *   MUTANT claimer_readies_armed: assertion violated  !(on_stack)
 */
#define WAITS 3
#define NONE 255

/* claim_state */
#define DONE 0 /* idle, woken, timed_out, cancelled */
#define ARMED 1
#define PARKED 2

/* gstatus */
#define RUNNABLE 0
#define RUNNING 1
#define WAITING 2

/* g::claim.word: read and written as one. */
byte generation = 0;
byte state = DONE;

/* The goroutine. */
byte status = RUNNABLE;
bool queued = true;      /* on a run queue */
bool on_stack = false;   /* its registers are not saved: nobody else may resume it */
byte runner = NONE;      /* the M whose stack pointer is in it */
bool preempting = false; /* it leaves by yield, not by gopark */
bool finished = false;

/* Its wait node, its timer. */
bool bucket_lock = false;
bool linked = false;
byte node_ticket = 0;
bool timer_pending = false;
byte timer_tag = 0;

/* Ghosts: what happened to the present wait. */
byte claims_won = 0;
byte made_runnable = 0;

/* goready: casgstatus(waiting, runnable), runqput. */
inline goready() {
  atomic {
    assert(!(on_stack));
    assert(status == WAITING);
    assert(!queued);
    status = RUNNABLE;
    queued = true;
    made_runnable++;
    assert(made_runnable == 1)
  }
}

/* park.cc claim: its load, its look, its CAS; a CAS that fails begins again. */
inline claim(ticket, seen_generation, seen_state) {
  do
  :: atomic { seen_generation = generation; seen_state = state };
     if
#ifndef MUTANT_claim_ignores_generation
     :: seen_generation != ticket -> break
     :: seen_generation == ticket && seen_state == DONE -> break
     :: seen_generation == ticket && seen_state != DONE
#else
     :: seen_state == DONE -> break
     :: seen_state != DONE
#endif
     fi;
     if
     :: atomic {
          generation == seen_generation && state == seen_state ->
          assert(ticket == generation);
          state = DONE;
          claims_won++;
          assert(claims_won == 1)
        };
        if
#ifdef MUTANT_claimer_readies_armed
        :: true -> goready()
#else
        :: seen_state == PARKED -> goready()
        :: seen_state == ARMED /* whoever commits makes it runnable */
#endif
        fi;
        break
     :: atomic { !(generation == seen_generation && state == seen_state) -> skip }
     fi
  od
}

/* The goroutine's own code; it moves while an M runs it. */
#define MINE runner != NONE

inline leave(to, by_yield) {
  /* leave: casgstatus, while it is still on its stack */
  atomic { MINE -> status = to; preempting = by_yield };
  atomic { MINE -> on_stack = false; runner = NONE };    /* rt0_switch, rt0_mcall: registers are saved */
  MINE
}

proctype goroutine() {
  byte waits = 0;
  do
  :: waits < WAITS ->
     waits++;
     /* wait_table.cc wait_for_lock: under the bucket's lock begin_wait and link */
     atomic { MINE && !bucket_lock -> bucket_lock = true };
     atomic {
       MINE ->
       claims_won = 0;
       made_runnable = 0;
       generation++; /* begin_wait */
       state = ARMED
     };
     atomic { MINE -> linked = true; node_ticket = generation; bucket_lock = false };
     if
     :: MINE -> leave(RUNNABLE, true) /* asyncpreempt on the way */
     :: MINE
     fi;
     /* gopark */
     if
     :: atomic { MINE && waits % 2 == 1 -> timer_pending = true; timer_tag = generation }
     :: atomic { MINE && waits % 2 == 0 -> skip }
     fi;
     leave(WAITING, false);
     atomic {
       MINE ->
       assert(state == DONE && claims_won == 1 && made_runnable == 1);
       timer_pending = false /* timers::remove; one that fired may still be about to claim */
     };
     /* wait_table.cc park: the node of a wait that no waker ended is still linked */
     atomic { MINE && !bucket_lock -> linked = false }
  :: waits == WAITS -> break
  od;
  atomic { finished = true; runner = NONE; on_stack = false }
}

proctype m(byte id) {
  byte seen_generation;
  bool is_armed;
  do
  :: atomic { /* schedule, execute: casgstatus(runnable, running), rt0_gogo */
       queued ->
       assert(status == RUNNABLE && !on_stack && runner == NONE);
       queued = false;
       status = RUNNING;
       on_stack = true;
       runner = id
     };
     runner != id; /* on the goroutine's stack until it has left */
     if
     :: finished -> break
     :: atomic { /* commit_yield: runqput */
          !finished && preempting -> assert(!on_stack && !queued);
          queued = true
        }
     :: !finished && !preempting -> /* commit_park: its load, its CAS */
        atomic { seen_generation = generation; is_armed = state == ARMED };
        if
#ifdef MUTANT_commit_without_cas
        :: is_armed -> atomic { state = PARKED; generation = seen_generation }
        :: !is_armed -> goready()
#else
        :: atomic { is_armed && generation == seen_generation && state == ARMED -> state = PARKED }
        :: atomic { !(is_armed && generation == seen_generation && state == ARMED) -> skip };
#ifndef MUTANT_commit_forgets_claimed
           goready()
#endif
#endif
        fi
     fi
  :: finished -> break
  od
}

/* wait_table.cc wake: claims under the bucket's lock what it has unlinked. */
proctype waker() {
  byte ticket, seen_generation, seen_state;
  do
  :: atomic { linked && !bucket_lock -> bucket_lock = true };
     if
     :: atomic { linked -> ticket = node_ticket; linked = false };
        claim(ticket, seen_generation, seen_state)
     :: !linked
     fi;
     bucket_lock = false
  :: finished -> break
  od
}

/* timers::run: unlinks the timer and copies its tag under the heap's lock; fires without it. */
proctype timer_runner() {
  byte tag, seen_generation, seen_state;
  do
  :: atomic { timer_pending -> timer_pending = false; tag = timer_tag };
     claim(tag, seen_generation, seen_state) /* wait_timer_fired */
  :: finished -> break
  od
}

/* Whoever ends a wait from outside by a ticket that it took at some time: a signal, a cancellation. */
proctype canceller() {
  byte ticket, seen_generation, seen_state;
  do
  :: atomic { linked -> ticket = node_ticket };
     claim(ticket, seen_generation, seen_state)
  :: finished -> break
  od
}

init {
  atomic {
    run goroutine();
    run m(0);
    run m(1);
    run waker();
    run timer_runner();
    run canceller()
  }
}
