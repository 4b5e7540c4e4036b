/* How idle Ms wait for completions and timers at once: runtime/sched/poller.cc, findrunnable.cc
 * wait_as_poller, runtime/io/ring.cc take, interrupt.
 *
 * Two idle Ms and one idle P. A goroutine on a busy P opens the back-end, submits an operation, and its M then
 * runs on for ever, looking at the queue once or never; the kernel completes the operation at any time. Another
 * busy M adds a timer of 2, then one of 1, or none. A third looks at the queue twice, in passing. Time goes on when nothing else
 * can move.
 *
 * Properties: one poller at a time; when nothing else can move, no completion lies in the queue and no timer is
 * due while the P is idle. sysmon, which would find both while all Ps are busy, is left out.
 *
 * Some copies of inlines hold steps that cannot happen there.
 *
 *   UNREACHED allowed
 *   MUTANT poller_does_not_claim: !(late)
 *   MUTANT look_before_claim: !(late)
 *   MUTANT break_stays_sent: !(late)
 *   MUTANT nobody_needs_a_poller: !(late)
 *   MUTANT install_breaks_nobody: !(late)
 *   MUTANT idle_looks_at_timers_only: !(late)
 */
#define NEVER 9
#define LAST 2

byte clock = 0;
byte when;
bool timer = false; /* in its heap */
bool fired = false;

bool installed = false;    /* sched.netpoll */
bool pending = false;      /* netpoll_pending */
bool cqe_op = false;       /* in the queue of completions */
bool cqe_break = false;
bool under_way = false;    /* the kernel has the operation */
bool woken = false;
bool break_sent = false;
bool taking = false;       /* ring_state::taking */

bool lastpoll = true;      /* false: 0, somebody polls */
byte poll_until = 0;       /* 0: not known */
bool note = false;         /* sched.poll_break */
byte pollers = 0;

bool pidle = true;
bool handed = false;       /* startm gave the P to a stopped M */
bool late;

#define READY (cqe_op || cqe_break)
#define DUE (timer && when <= clock)

inline wakep() {
  if
  :: atomic { pidle -> pidle = false; handed = true }
  :: !pidle
  fi
}

/* exchange, then the message */
inline interrupt() {
  if
  :: installed ->
     if
     :: atomic { !break_sent -> break_sent = true }; cqe_break = true
     :: break_sent
     fi
  :: !installed -> note = true
  fi
}

inline break_poll(at) {
  if
  :: atomic { poll_until == 0 || poll_until > at -> skip }; interrupt()
  :: atomic { !(poll_until == 0 || poll_until > at) -> skip }
  fi
}

/* ring.cc take: by who has the lock, one completion after the other */
inline take_all() {
  do
  :: atomic { cqe_break -> cqe_break = false };
#ifndef MUTANT_break_stays_sent
     break_sent = false
#endif
  :: atomic { cqe_op -> cqe_op = false; woken = true; pending = false }
  :: atomic { !READY -> break }
  od
}

inline take() {
  if
  :: READY ->
     if
     :: atomic { !taking -> taking = true }; take_all(); taking = false
     :: taking
     fi
  :: !READY
  fi
}

proctype kernel() {
  under_way;
  atomic { under_way = false; cqe_op = true }
}

proctype submitter() {
  /* install_netpoller */
  installed = true;
#ifndef MUTANT_install_breaks_nobody
  if
  :: !lastpoll -> note = true
  :: lastpoll
  fi;
#endif
  pending = true;
  under_way = true;
#ifndef MUTANT_nobody_needs_a_poller
  if /* need_poller */
  :: lastpoll -> wakep()
  :: !lastpoll
  fi;
#endif
  if
  :: take()
  :: true
  fi
}

/* wake_poller, after its fence */
inline wake_poller(at) {
  if
  :: !lastpoll -> break_poll(at)
  :: lastpoll -> wakep()
  fi
}

/* Two timers, one or none. A heap is its earliest. */
proctype adder() {
  if
  :: true -> goto end_none
  :: true
  fi;
  atomic { timer = true; when = 2 };
  wake_poller(2);
  if
  :: true -> goto end_none
  :: atomic { !fired -> when = 1 }
  fi;
  wake_poller(1);
end_none:
  skip
}

proctype passer() {
  take();
  take()
}

proctype m() {
  byte until = NEVER;
  bool np = false;
stopped:
end_stopped:
  atomic { handed -> handed = false };
work: /* findrunnable with the P */
  take();
  if
  :: atomic { DUE -> timer = false; fired = true }
  :: atomic { !DUE -> skip }
  fi;
  pidle = true; /* give_up_p */
rest: /* wait_as_poller */
#ifdef MUTANT_idle_looks_at_timers_only
  if
  :: timer
  :: !timer -> goto stopped
  fi;
#else
  if
  :: timer
  :: !timer ->
     if
     :: pending
     :: !pending -> goto stopped
     fi
  fi;
#endif
  if /* poll */
  :: atomic { lastpoll -> lastpoll = false }
  :: !lastpoll ->
     until = (timer -> when : NEVER);
     if
     :: until != NEVER -> break_poll(until)
     :: until == NEVER
     fi;
     until = NEVER;
     goto stopped
  fi;
  atomic { pollers++; assert(pollers == 1) };
  np = installed;
#ifdef MUTANT_look_before_claim
  until = (timer -> when : NEVER);
#endif
  if
  :: np ->
#ifndef MUTANT_poller_does_not_claim
     atomic { !taking -> taking = true };
#endif
#ifndef MUTANT_look_before_claim
     until = (timer -> when : NEVER);
#endif
     poll_until = until;
     if /* again, after the store */
#ifndef MUTANT_look_before_claim
     :: atomic { timer && when < until -> skip }
#endif
     :: atomic { !(timer && when < until) -> skip };
end_in_the_kernel:
        READY || clock >= until
     fi;
#ifndef MUTANT_poller_does_not_claim
     taking = false
#endif
  :: !np ->
     until = (timer -> when : NEVER);
     poll_until = until;
end_on_the_note:
     note || clock >= until
  fi;
  until = NEVER;
  np = false;
  pollers--;
  note = false;
  poll_until = 0;
  lastpoll = true;
  if
  :: DUE || READY
  :: !(DUE || READY) -> goto rest
  fi;
  if
  :: atomic { pidle -> pidle = false }; goto work
  :: !pidle -> goto stopped
  fi
}

proctype time() {
end:
  do
  :: timeout ->
     late = pidle && (DUE || cqe_op);
     assert(!(late));
     if
     :: clock < LAST -> clock++
     :: clock == LAST -> break
     fi
  od
}

init {
  atomic {
    run m();
    run m();
    run kernel();
    run submitter();
    run adder();
    run passer();
    run time()
  }
}
