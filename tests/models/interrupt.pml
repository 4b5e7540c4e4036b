/* How a goroutine comes to look at a signal that was sent to it, parked or in a system call:
 * runtime/sched/interrupt.h, park.cc commit_park and claim_open, runtime/signal/send.cc, attend.cc,
 * rt0/amd64/open_syscall.S, sched/signal.cc give_way.
 *
 * One goroutine takes SIGNALS signals that two senders send. Between them it parks, open to signals, or makes a
 * system call that nothing else ends; a waker may end a park too, and the goroutine then waits again. The M that
 * commits the park is another process, since the goroutine may be resumed before its commit is over.
 *
 * Properties: every signal is taken (a hang is a loss); a goroutine is made runnable once a wait, when it is off
 * its stack; an interruption hits the wait that it saw.
 *
 *   MUTANT commit_looks_first: invalid end state
 *   MUTANT commit_never_looks: invalid end state
 *   MUTANT sender_looks_first: invalid end state
 *   MUTANT attended_outside_the_lock: invalid end state
 *   MUTANT window_is_no_window: invalid end state
 *   MUTANT look_in_the_window_only: invalid end state
 *   MUTANT claim_ignores_generation: assertion violated
 */
#define SIGNALS 2

/* claim_state */
#define DONE 0
#define ARMED 1
#define PARKED 2
#define INTERRUPTED 3

/* where the goroutine is */
#define ON_STACK 0
#define LEAVING 1 /* off its stack, the commit is to come or under way */
#define WAITING 2
#define QUEUED 3
#define IN_WINDOW 4 /* in a system call's code, between the look and the instruction */
#define IN_KERNEL 5

byte waiting_signals = 0; /* the queues, under signal_lock */
byte taken = 0;
bool attention = false;
byte generation = 0; /* with state: g::claim.word */
byte state = DONE;
byte where = ON_STACK;
bool committed = true; /* who completed the last switch away is done with it */
bool urged = false;    /* a SIGURG is under way to the goroutine's M */

inline goready() {
  atomic {
    assert(where == LEAVING || where == WAITING);
    where = QUEUED
  }
}

/* claim_open's and commit_park's CAS. */
inline interrupt_parked(seen) {
  if
#ifdef MUTANT_claim_ignores_generation
  :: atomic { state != DONE -> assert(generation == seen); state = INTERRUPTED }; goready()
  :: atomic { state == DONE -> skip }
#else
  :: atomic { state == PARKED && generation == seen -> state = INTERRUPTED }; goready()
  :: atomic { !(state == PARKED && generation == seen) -> skip }
#endif
  fi
}

proctype sender() {
  byte seen_generation, seen_state;
  /* send_signal: put, under signal_lock */
  waiting_signals++;
#ifdef MUTANT_sender_looks_first
  atomic { seen_generation = generation; seen_state = state };
  attention = true;
#else
  attention = true; /* interrupt */
  atomic { seen_generation = generation; seen_state = state };
#endif
  if
  :: seen_state == PARKED -> interrupt_parked(seen_generation)
  :: seen_state != PARKED -> /* urge: nobody runs it, or its M gets a SIGURG */
     if
     :: atomic { where == IN_WINDOW || where == IN_KERNEL -> urged = true }
     :: atomic { where != IN_WINDOW && where != IN_KERNEL -> skip }
     fi
  fi
}

/* Who commits the goroutine's parks: the next goroutine on its M. */
proctype committer() {
  byte seen_generation;
  bool wanted;
  do
  :: atomic { where == LEAVING && !committed && state == ARMED ->
       seen_generation = generation
#ifndef MUTANT_commit_looks_first
     };
     atomic {
#else
       ;
       wanted = attention
     };
     atomic {
#endif
       /* a claim of an armed wait leaves the goroutine to its commit */
       if
       :: state == ARMED -> state = PARKED; where = WAITING
       :: state != ARMED -> where = QUEUED
       fi
     };
#ifndef MUTANT_commit_looks_first
     wanted = attention;
#endif
#ifdef MUTANT_commit_never_looks
     wanted = false;
#endif
     if
     :: wanted -> interrupt_parked(seen_generation)
     :: !wanted
     fi;
     committed = true
  :: atomic { where == LEAVING && !committed && state == DONE -> where = QUEUED; committed = true }
  :: taken == SIGNALS -> break
  od
}

/* Somebody who wakes it for another reason, once. */
proctype waker() {
  byte seen_generation;
  if
  :: atomic { state == ARMED || state == PARKED -> seen_generation = generation };
     if
     :: atomic { state == PARKED && generation == seen_generation -> state = DONE }; goready()
     :: atomic { state == ARMED && generation == seen_generation -> state = DONE }
     :: atomic { !((state == PARKED || state == ARMED) && generation == seen_generation) -> skip }
     fi
  :: taken == SIGNALS
  fi
}

/* The kernel delivers SIGURG: give_way. */
proctype kernel() {
  do
  :: atomic {
       urged && where == IN_WINDOW ->
       urged = false;
#ifndef MUTANT_window_is_no_window
       if
       :: attention -> where = ON_STACK /* refused */
       :: !attention
       fi
#endif
     }
  :: atomic {
       urged && where == IN_KERNEL ->
       urged = false;
#ifdef MUTANT_look_in_the_window_only
       skip
#else
       /* the call is left at its instruction, inside the window, or has returned EINTR */
       if
       :: attention -> where = ON_STACK
       :: !attention
       fi
#endif
     }
  :: atomic { urged && where != IN_WINDOW && where != IN_KERNEL -> urged = false }
  :: taken == SIGNALS -> break
  od
}

proctype goroutine() {
  bool nothing;
  do
  :: taken < SIGNALS ->
     /* take_next, under signal_lock */
     atomic {
       nothing = waiting_signals == 0;
       if
       :: !nothing -> waiting_signals--; taken++
       :: nothing ->
#ifndef MUTANT_attended_outside_the_lock
          attention = false
#else
          skip
#endif
       fi
     };
#ifdef MUTANT_attended_outside_the_lock
     if
     :: nothing -> attention = false
     :: !nothing
     fi;
#endif
     if
     :: !nothing
     :: nothing -> /* park, open to signals */
        atomic { committed -> generation++; state = ARMED };
        atomic { committed = false; where = LEAVING };
        atomic { where == QUEUED -> where = ON_STACK; state = DONE }
     :: nothing -> /* rt0_open_syscall */
        if
        :: atomic { attention -> skip }
        :: atomic { !attention -> where = IN_WINDOW };
           if
           :: atomic { where == IN_WINDOW -> where = IN_KERNEL }; where == ON_STACK
           :: where == ON_STACK
           fi
        fi
     fi
  :: taken == SIGNALS -> break
  od
}

init {
  atomic {
    run goroutine();
    run committer();
    run kernel();
    run waker();
    run sender();
    run sender()
  }
}
