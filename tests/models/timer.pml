/* A timer that starts a goroutine: runtime/go/timer.cc, with timers::remove and run of runtime/timer/timer.cc
 * and the owners of <rt/time.h>.
 *
 * Two goroutines reset and stop one timer, each on a P with a heap of its own; the last to be done destroys
 * the handle. An M of each P fires what is due there, which is at any time.
 *
 * Properties: each setting runs the function once, or a stop or reset said true for it, never both; who is told
 * false is told so of a timer that has fired or was stopped; nobody touches memory that was freed, and it is
 * freed in the end; a timer is in one heap at most.
 *
 *   MUTANT no_lock: assertion violated
 *   MUTANT no_second_look: assertion violated (heap
 *   MUTANT owns_after_add: assertion violated  !(freed
 *   MUTANT firing_owns: assertion violated  !(freed
 *   MUTANT true_keeps_owner: invalid end state
 *   MUTANT destroys_without_stop: assertion violated  !(unowned
 */
#define OPERATIONS 2

byte heap = 0;        /* timer::heap: which, or none */
bool heap_locked[3];  /* timers::lock_ */
bool locked = false;  /* func_timer::lock */
byte owners = 1;      /* the handle */
bool freed = false;
byte users = 2;

/* Ghosts. */
byte settings = 0, trues = 0, runs = 0;
bool outstanding = false; /* set, and neither fired nor stopped */
bool unowned = false;     /* the handle is gone */

inline lock_heap(h) { atomic { !heap_locked[h] -> heap_locked[h] = true } }
inline unlock_heap(h) { heap_locked[h] = false }

inline own() { atomic { assert(!(freed)); owners++ } }
inline disown() {
  atomic {
    assert(!(freed));
    owners--;
    if
    :: owners == 0 -> freed = true
    :: owners != 0
    fi
  }
}

#ifdef MUTANT_no_lock
#define LOCK skip
#define UNLOCK skip
#else
#define LOCK atomic { !locked -> assert(!(freed)); locked = true }
#define UNLOCK locked = false
#endif

/* timers::remove: `was`. For a stop it is the end of the setting. */
inline remove(stops) {
  do
  :: atomic { assert(!(freed)); at = heap; assert(at != 0 || !outstanding) };
     if
     :: at == 0 -> was = false; break
     :: at != 0 ->
        lock_heap(at);
        if
#ifdef MUTANT_no_second_look
        :: true ->
#else
        :: heap == at ->
#endif
           atomic {
             assert(heap == at);
             heap = 0;
             outstanding = outstanding && !stops;
             trues++
           };
           unlock_heap(at);
           was = true;
           break
#ifndef MUTANT_no_second_look
        :: heap != at -> unlock_heap(at) /* it fired, or moved, before we had the lock */
#endif
        fi
     fi
  od
}

inline disown_if_was() {
  if
#ifndef MUTANT_true_keeps_owner
  :: was -> disown()
#else
  :: was
#endif
  :: !was
  fi
}

inline reset(h) {
#if !defined(MUTANT_owns_after_add) && !defined(MUTANT_firing_owns)
  own();
#endif
  LOCK;
  remove(false);
  lock_heap(h);
  atomic { assert(heap == 0); heap = h; outstanding = true; settings++ };
  unlock_heap(h);
#ifdef MUTANT_owns_after_add
  own();
#endif
  UNLOCK;
#ifndef MUTANT_firing_owns
  disown_if_was()
#endif
}

inline stop() {
  LOCK;
  remove(true);
  UNLOCK;
#ifndef MUTANT_firing_owns
  disown_if_was()
#endif
}

/* What the timer started. */
proctype goroutine() {
  atomic { assert(!(freed)); runs++ };
  disown()
}

/* timers::run, then fire. */
proctype machine(byte h) {
end:
  do
  :: atomic { heap == h && !heap_locked[h] -> heap_locked[h] = true };
     atomic { assert(!(unowned)); heap = 0; outstanding = false };
     unlock_heap(h);
#ifdef MUTANT_firing_owns
     own();
#endif
     atomic { assert(!(freed)) }; /* newproc1 is given what the timer says */
     run goroutine()
  od
}

proctype user(byte h) {
  byte done = 0, at;
  bool was, last;
  do
  :: done < OPERATIONS -> reset(h); done++
  :: done < OPERATIONS -> stop(); done++
  :: done == OPERATIONS -> break
  od;
  atomic { users--; last = (users == 0) };
  if
  :: last ->
#ifndef MUTANT_destroys_without_stop
     stop();
#endif
     unowned = true;
     disown()
  :: !last
  fi
}

init {
  atomic {
    run machine(1);
    run machine(2);
    run user(1);
    run user(2)
  };
  freed;
  assert(settings == trues + runs)
}
