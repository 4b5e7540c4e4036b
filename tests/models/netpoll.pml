/* How idle Ms wait for descriptors and timers at once: runtime/sched/poller.cc, findrunnable.cc
 * wait_as_poller, runtime/io/readiness.cc fetch, sleep, take, interrupt.
 *
 * Two idle Ms and one idle P. A goroutine on a busy P opens the back-end, begins to wait for a descriptor, and
 * its M then runs on for ever, looking at the reports once or never; the descriptor's edge comes at any time.
 * Another busy M adds a timer of 2, then one of 1, or none. A third looks at the reports once, in passing.
 * Time goes on when nothing else can move. A completion of the ring is an edge that stays until it is taken;
 * it has no steps of its own here.
 *
 * Properties: one poller at a time; when nothing else can move, no edge is untaken and no timer is due while
 * the P is idle. sysmon, which would find both while all Ps are busy, is left out.
 *
 * Some copies of inlines hold steps that cannot happen there.
 *
 *   UNREACHED allowed
 *   MUTANT poller_does_not_claim: !(late)
 *   MUTANT look_before_claim: !(late)
 *   MUTANT sleeper_forgets_reports: !(late)
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
bool edge = false;         /* the kernel's, for the next epoll_wait */
bool edge_break = false;
bool reported = false;     /* the poller's sleep ended with it; nobody has taken it yet */
bool under_way = false;    /* the descriptor is registered */
bool woken = false;
bool break_sent = false;
bool taking = false;       /* readiness_state::taking */

bool lastpoll = true;      /* false: 0, somebody polls */
byte poll_until = 0;       /* 0: not known */
bool note = false;         /* sched.poll_break */
byte pollers = 0;

bool pidle = true;
bool handed = false;       /* startm gave the P to a stopped M */
bool late;

#define READY reported
#define DUE (timer && when <= clock)

inline wakep() {
  if
  :: atomic { pidle -> pidle = false; handed = true }
  :: !pidle
  fi
}

/* exchange, then the write to the eventfd */
inline interrupt() {
  if
  :: installed ->
     if
     :: atomic { !break_sent -> break_sent = true }; edge_break = true
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

/* epoll_wait is one step; break_sent falls after it. By who has `taking`. */
inline fetch() {
  atomic { reported = reported || edge; edge = false; saw_break = edge_break; edge_break = false };
  if
  :: saw_break ->
#ifndef MUTANT_break_stays_sent
     break_sent = false;
#endif
     saw_break = false
  :: !saw_break
  fi
}

/* netpoll: gated by who waits */
inline take() {
  if
  :: pending ->
     if
     :: atomic { !taking -> taking = true };
        if
        :: !reported -> fetch()
        :: reported
        fi;
        mine = reported;
        reported = false;
        taking = false;
        if
        :: mine -> atomic { woken = true; pending = false }
        :: !mine
        fi
     :: taking
     fi
  :: !pending
  fi
}

proctype kernel() {
  under_way;
  atomic { under_way = false; edge = true }
}

proctype submitter() {
  bool saw_break = false, mine = false;
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
  bool saw_break = false, mine = false;
  take()
}

proctype m() {
  byte until = NEVER;
  bool np = false, saw_break = false, mine = false;
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
#ifndef MUTANT_sleeper_forgets_reports
        if
        :: reported
        :: !reported ->
#endif
end_in_the_kernel:
           edge || edge_break || clock >= until;
#ifdef MUTANT_sleeper_forgets_reports
           reported = false;
#endif
           fetch()
#ifndef MUTANT_sleeper_forgets_reports
        fi
#endif
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
     late = pidle && (DUE || edge || reported);
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
