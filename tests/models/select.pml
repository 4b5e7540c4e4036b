/* Two channels, and a select that receives from both: runtime/chan/chan.h, chan.cc, select.cc.
 *
 * One goroutine selects until both channels are closed and drained. Each channel has a sender of SENDS values,
 * who serves the select, or waits as a plain sudog; its move may throw, once. Each is closed at any time. How
 * a claimed goroutine comes to run again is park.pml's matter: here it runs as soon as it is claimed, in the
 * middle of its server's steps as well.
 *
 * Properties: what a sender calls sent is received, once; a value is read when its move is done; a select that
 * ended stands in no queue; a sender that waits is told of a close; nobody waits for ever.
 *
 *   MUTANT moves_before_claim: assertion violated ((received
 *   MUTANT looks_without_lock: assertion violated (outcome[fired]
 *   MUTANT leaves_sudog: assertion violated  !((linked
 *   MUTANT enqueues_later: invalid end state
 *   MUTANT throw_forgets_retry: assertion violated (outcome
 *   MUTANT close_forgets_select: invalid end state
 *   MUTANT close_forgets_senders: assertion violated  !(closed
 *   MUTANT lost_claim_is_served: assertion violated ((received
 */
#define SENDS 2

/* outcome */
#define NONE 0
#define DONE 1
#define CLOSED 2
#define RETRY 3

/* Of each channel. */
bool locked[2];
bool closed[2];
bool sender_waits[2];   /* sendq: a plain sudog */
byte sender_result[2];  /* its outcome, which ends its wait */

/* The select: its ticket, and a sudog on each channel. */
byte generation = 0;
bool claimed = true;
byte fired;
bool linked[2];
byte ticket[2];
byte outcome[2];
byte slot[2]; /* values moved there */

bool threw = false;

/* Ghosts. */
byte sent[2];
byte received[2];

inline lock(c) { atomic { !locked[c] -> locked[c] = true } }
inline unlock(c) { locked[c] = false }

/* first_claimed: the sudog is unlinked, then claimed; won is the answer. */
inline claim_select(c) {
  linked[c] = false;
  atomic {
    won = (ticket[c] == generation && !claimed);
    if
    :: won -> claimed = true; fired = c
    :: else
    fi
  }
}

proctype sender(byte c) {
  byte sends = 0;
  bool won;
  do
  :: sends < SENDS ->
     lock(c);
     if
     :: closed[c] -> unlock(c); break
     :: !closed[c] && linked[c] ->
#ifdef MUTANT_moves_before_claim
        slot[c]++; sent[c]++; sends++;
#endif
        claim_select(c);
        if
#ifdef MUTANT_lost_claim_is_served
        :: true ->
#else
        :: won ->
#endif
           if
           :: atomic { !threw -> threw = true }; /* the move throws: it is the sender's, who tries again */
#ifndef MUTANT_throw_forgets_retry
              outcome[c] = RETRY
#endif
           :: true ->
#ifndef MUTANT_moves_before_claim
              slot[c]++;
              sent[c]++;
              sends++;
#endif
              outcome[c] = DONE
           fi
#ifndef MUTANT_lost_claim_is_served
        :: !won /* another case of the select ended it: there is nobody, the sender looks again */
#endif
        fi;
        unlock(c)
     :: !closed[c] && !linked[c] ->
        sender_result[c] = NONE;
        sender_waits[c] = true;
        unlock(c);
        sender_result[c] != NONE;
        if
        :: sender_result[c] == DONE -> sends++
        :: sender_result[c] == CLOSED -> break
        fi
     fi
  :: sends == SENDS -> break
  od
}

proctype closer(byte c) {
  bool won;
  lock(c);
  closed[c] = true;
#ifndef MUTANT_close_forgets_select
  if
  :: linked[c] ->
     claim_select(c);
     if
     :: won -> outcome[c] = CLOSED
     :: !won
     fi
  :: !linked[c]
  fi;
#endif
#ifndef MUTANT_close_forgets_senders
  if
  :: sender_waits[c] -> sender_waits[c] = false; sender_result[c] = CLOSED
  :: !sender_waits[c]
  fi;
#endif
  unlock(c)
}

/* select.cc: a case of a channel that is closed and drained becomes nil. */
bool nil[2];

#define READY(c) (!nil[c] && (sender_waits[c] || closed[c]))

/* recv_locked, under the lock of c alone. */
inline operate(c, other) {
  unlock(other);
  if
  :: sender_waits[c] ->
     atomic { assert(!(closed[c])) };
     received[c]++;
     sent[c]++;
     sender_waits[c] = false;
     sender_result[c] = DONE
  :: !sender_waits[c] -> nil[c] = true
  fi;
  unlock(c)
}

inline enqueue(c) {
  if
  :: !nil[c] -> ticket[c] = generation; outcome[c] = NONE; linked[c] = true
  :: nil[c]
  fi
}

/* Pass 3. */
inline dequeue(c) {
  if
#ifdef MUTANT_looks_without_lock
  :: fired == c
  :: fired != c ->
#else
  :: true ->
#endif
     lock(c);
#ifndef MUTANT_leaves_sudog
     linked[c] = false;
#endif
     unlock(c)
  fi
}

proctype selecting() {
  do
  :: !nil[0] || !nil[1] ->
     lock(0);
     lock(1);
     if
     :: READY(0) -> operate(0, 1)
     :: READY(1) -> operate(1, 0)
     :: !READY(0) && !READY(1) ->
#ifdef MUTANT_enqueues_later
        unlock(1);
        unlock(0);
        lock(0);
        lock(1);
#endif
        atomic { generation++; claimed = false };
        enqueue(0);
        enqueue(1);
        unlock(1);
        unlock(0);
        claimed; /* parked */
        dequeue(0);
        dequeue(1);
        assert(outcome[fired] != NONE);
        atomic { assert(!(linked[0] || linked[1])) };
        if
        :: outcome[fired] == DONE -> received[fired]++
        :: outcome[fired] == CLOSED -> nil[fired] = true
        :: outcome[fired] == RETRY
        fi
     fi
  :: nil[0] && nil[1] -> break
  od;
  assert(received[0] == sent[0] && received[1] == sent[1])
}

init {
  atomic {
    run selecting();
    run sender(0);
    run sender(1);
    run closer(0);
    run closer(1)
  }
}
