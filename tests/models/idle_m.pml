/* How an idle M sleeps and is woken: runtime/lock/note.h, runtime/sched/machine.cc stopm, startm, wakep,
 * handoffp, poller.cc, and who watches the timers.
 *
 * Two Ps, four Ms, two timers. Two goroutines, each on a P, put a timer of 1 or 2 into their P's heap, and
 * then end, or block for ever in a call that hands the P off (so may the goroutine that a timer wakes; one
 * block in all), or, the first, run on for ever. Who blocks may be a goroutine that waits for a descriptor and
 * is bound to its M. Time goes on when nothing else can move, or at any time (VARIANT eager).
 *
 * Properties: a P is handed over once, to an M that sleeps or is about to; one M at most sleeps with a
 * deadline; when nothing else can move, no timer is due while a P is idle, and somebody polls if a descriptor
 * is waited for and a P is idle. sysmon, which would find a late timer while some P is busy, is left out.
 *
 * Some copies of inlines hold steps that cannot happen there.
 *
 *   UNREACHED allowed
 *   VARIANT eager
 *   MUTANT clear_after_publishing: ((nextp[0]==255)&&(nextp[1]==255))
 *   MUTANT look_before_pidleput: !(late)
 *   MUTANT adder_wakes_only_the_poller: !(deaf)
 *   MUTANT handoff_looks_at_its_own_heap: !(late)
 *   MUTANT handoff_looks_at_timers_only: !(deaf)
 *   MUTANT rest_looks_at_timers_only: !(deaf)
 *   MUTANT poller_never_claims: assertion violated (pollers<=1)
 *   MUTANT second_poller_breaks_nobody: !(late)
 */
#define NP 2
#ifdef VARIANT_eager
#define NM 3
#else
#define NM 4
#endif
#define NT 2
#define LAST 2
#define NEVER 9
#define NONE 255

byte clock = 0;
byte when[NT];
bool pending[NT];

byte pm[NP] = NONE;
byte npidle = 0;
bool on_pidle[NP];

bool on_midle[NM];
byte nextp[NM] = NONE;
bool key[NM]; /* m::park */
bool spinning[NM];
byte nmspinning = 0;

bool lastpoll = true; /* false: 0, somebody polls */
byte poll_until = 0;  /* 0: not known */
bool poll_key = false; /* sched.poll_break */
byte pollers = 0;
#ifdef VARIANT_eager
bool may_block = false; /* fewer states */
#else
bool may_block = true;
#endif
bool io = false; /* netpoll_pending != 0 */
bool late;
bool deaf;

#define DUE(t) (pending[t] && when[t] <= clock)

inline pidleput() {
  atomic { assert(pm[pp] == me); pm[pp] = NONE; on_pidle[pp] = true; npidle++; pp = NONE }
}

/* Within the lock. */
inline pidleget(got) {
  if
  :: on_pidle[0] -> got = 0; on_pidle[0] = false; npidle--
  :: else ->
     if
     :: on_pidle[1] -> got = 1; on_pidle[1] = false; npidle--
     :: else -> got = NONE
     fi
  fi
}

/* startm: mget under the lock, nextp, note::wakeup. With NM Ms one is idle or on its way there (no newm). */
inline startm(p_given, spin) {
  atomic {
    on_midle[0] || on_midle[1] || on_midle[2] || on_midle[NM - 1];
    target = 0;
    do
    :: on_midle[target] -> on_midle[target] = false; break
    :: else -> target++
    od
  };
  atomic {
    assert(nextp[target] == NONE && !spinning[target]);
    spinning[target] = spin;
    nextp[target] = p_given;
    key[target] = true;
    target = 0
  }
}

inline wakep() {
  if
  :: npidle == 0
  :: npidle != 0 ->
     if
     :: atomic { nmspinning == 0 -> nmspinning = 1 };
        atomic {
          pidleget(got);
          if
          :: got == NONE -> nmspinning--
          :: else
          fi
        };
        if
        :: got != NONE -> startm(got, true); got = NONE
        :: got == NONE
        fi
     :: nmspinning != 0
     fi
  fi
}

/* poller.cc break_poll: two loads in one step where the second decides. */
inline break_poll(at) {
  if
  :: atomic { poll_until == 0 || poll_until > at -> skip }; poll_key = true
  :: atomic { !(poll_until == 0 || poll_until > at) -> skip }
  fi
}

inline wake_poller(at) {
  if
  :: !lastpoll -> break_poll(at)
  :: lastpoll ->
#ifdef MUTANT_adder_wakes_only_the_poller
     skip
#else
     wakep()
#endif
  fi
}

/* earliest_timer: one heap after the other. */
inline earliest_timer() {
  until = NEVER;
  if
  :: pending[0] -> until = when[0]
  :: !pending[0]
  fi;
  if
  :: atomic { pending[1] && when[1] < until -> until = when[1] }
  :: atomic { !(pending[1] && when[1] < until) -> skip }
  fi
}

/* entersyscallblock: the P is handed off; the M blocks for ever. */
inline block() {
  if
  :: io = true
  :: true
  fi;
  home = pp;
  pidleput();
#ifdef MUTANT_handoff_looks_at_its_own_heap
  until = (pending[home] -> when[home] : NEVER);
#else
  earliest_timer();
#endif
  if
#ifdef MUTANT_handoff_looks_at_timers_only
  :: until != NEVER -> wake_poller(until)
  :: until == NEVER
#else
  :: until != NEVER || io -> wake_poller(until)
  :: until == NEVER && !io
#endif
  fi
}

/* One goroutine that a timer made runnable, or the first one. */
inline goroutine_ends() {
  if
  :: true
  :: atomic { may_block -> may_block = false }; block(); goto end_blocked
  fi
}

inline fire(t) {
  if
  :: atomic { DUE(t) -> pending[t] = false };
     if
     :: spinning[me] -> atomic { spinning[me] = false; nmspinning-- }; wakep()
     :: !spinning[me]
     fi;
     goroutine_ends()
  :: atomic { !DUE(t) -> skip }
  fi
}

proctype m(byte me; byte pp) {
  byte got = NONE, target = 0, until = NEVER, home = NONE;
  if
  :: pp == NONE -> goto stop
  :: pp != NONE
  fi;
  /* gopark with a deadline: timers::add, then wake_poller after its fence */
  pending[me] = true;
  wake_poller(when[me]);
  if
  :: me == 0 -> goto end_blocked /* runs for ever */
  :: true
  fi;
  goroutine_ends();
look:
  fire(pp); /* its own heap first, whether it spins or not */
  if /* while others spin it may not */
  :: atomic { !spinning[me] -> spinning[me] = true; nmspinning++ }
  :: spinning[me]
  :: atomic { !spinning[me] && nmspinning > 0 -> skip }
  fi;
  fire(0);
  fire(1);
  /* findrunnable's last part */
#ifdef MUTANT_look_before_pidleput
  earliest_timer();
#endif
  pidleput();
  if
  :: atomic { spinning[me] -> spinning[me] = false; nmspinning-- }
  :: !spinning[me]
  fi;
#ifndef MUTANT_look_before_pidleput
  earliest_timer();
#endif
  if
#ifdef MUTANT_rest_looks_at_timers_only
  :: until == NEVER -> goto stop
  :: until != NEVER
#else
  :: until == NEVER && !io -> goto stop
  :: until != NEVER || io
#endif
  fi;
  /* poll */
#ifdef MUTANT_poller_never_claims
  if
  :: lastpoll
  :: !lastpoll -> break_poll(until); goto stop
  fi;
  lastpoll = false;
#else
  if
  :: atomic { lastpoll -> lastpoll = false }
  :: !lastpoll ->
#ifndef MUTANT_second_poller_breaks_nobody
     break_poll(until);
#endif
     goto stop
  fi;
#endif
  atomic { pollers++; assert(pollers <= 1); poll_until = until };
end_polling:
  poll_key || clock >= until; /* sleep_until */
  atomic { pollers--; poll_key = false };
  poll_until = 0;
  lastpoll = true;
  atomic {
    pidleget(pp);
    if
    :: pp != NONE -> assert(pm[pp] == NONE); pm[pp] = me
    :: else
    fi
  };
  if
  :: pp != NONE -> goto look
  :: pp == NONE
  fi;
stop: /* stopm: mput; park_m: sleep, clear, acquirep */
  on_midle[me] = true;
#ifdef MUTANT_clear_after_publishing
  key[me] = false;
#endif
end_asleep:
  key[me];
  atomic {
#ifndef MUTANT_clear_after_publishing
    key[me] = false;
#endif
    assert(nextp[me] != NONE);
    pp = nextp[me];
    nextp[me] = NONE;
    assert(pm[pp] == NONE);
    pm[pp] = me
  };
  goto look;
end_blocked:
  skip
}

/* Time, and the judgement before it goes on when nothing else moves. */
proctype time() {
end:
  do
#ifdef VARIANT_eager
  :: clock < LAST -> clock++
#endif
  :: timeout ->
     late = npidle > 0 && (DUE(0) || DUE(1));
     assert(!(late));
     assert(nextp[0] == NONE && nextp[1] == NONE && nextp[2] == NONE && nextp[NM - 1] == NONE || npidle == 0);
     deaf = io && npidle > 0 && pollers == 0;
     assert(!(deaf));
     if
     :: clock < LAST -> clock++
     :: clock == LAST -> break
     fi
  od
}

init {
  atomic {
    when[1] = 2;
    if
    :: when[0] = 1
    :: when[0] = 2
    fi;
    pm[0] = 0;
    pm[1] = 1;
    run m(0, 0);
    run m(1, 1);
    run m(2, NONE);
#if NM > 3
    run m(3, NONE);
#endif
    run time()
  }
}
