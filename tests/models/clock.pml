/* A channel of time: runtime/chan/time_channel.cc, with the wait of chan.cc's operate.
 *
 * Two receivers, and a goroutine that sets the tick later, earlier, stops it, sets it again, and closes the
 * channel when the tick was received. Time passes whenever it likes, to its end. What a select does is the
 * same wait with more channels (select.pml).
 *
 * Properties: a tick is received once, when it is due; none after a stop, before the next setting; while one is
 * due, nobody who waits for it sleeps for ever.
 *
 *   MUTANT set_stirs_nobody: invalid end state
 *   MUTANT stirs_before: invalid end state
 *   MUTANT limit_read_early: invalid end state
 *   MUTANT timed_out_takes: assertion violated ((next
 *   MUTANT stir_unlinks: assertion violated (linked
 */
#define NEVER 9
#define END_OF_TIME 2

byte now = 0;
byte next = NEVER; /* rt0_clock::next_ns */
bool locked = false;
bool closed = false;

/* Each receiver: its sudog, its ticket, the deadline of its wait. */
bool linked[2];
bool claimed[2] = true;
bool served[2]; /* outcome::closed: by who unlinked it */
byte limit[2] = NEVER;

/* Ghosts. */
byte to_come = 0; /* ticks that were set, and neither received nor stopped */
byte received = 0;

inline lock() { atomic { !locked -> locked = true } }
inline unlock() { locked = false }

inline take() {
  atomic {
    assert(next <= now && to_come == 1);
    next = NEVER;
    to_come = 0;
    received++
  }
}

proctype receiver(byte i) {
  do
  :: true ->
#ifdef MUTANT_limit_read_early
     limit[i] = next;
#endif
     lock();
     if
     :: closed -> unlock(); break
     :: !closed && next <= now -> take(); unlock()
     :: !closed && next > now ->
        claimed[i] = false;
        linked[i] = true;
#ifndef MUTANT_limit_read_early
        limit[i] = next;
#endif
        unlock();
        /* gopark: by the deadline, a stir, or the close */
        if
        :: atomic { !claimed[i] && limit[i] <= now -> claimed[i] = true }
        :: claimed[i]
        fi;
        lock(); /* give_up */
#ifdef MUTANT_stir_unlinks
        assert(linked[i] || served[i]);
#endif
        linked[i] = false;
#ifdef MUTANT_timed_out_takes
        take();
#endif
        unlock()
     fi
  od
}

inline stir() {
  i = 0;
  do
  :: i < 2 ->
     if
     :: linked[i] ->
        claimed[i] = true;
#ifdef MUTANT_stir_unlinks
        linked[i] = false;
#endif
     :: !linked[i]
     fi;
     i++
  :: i == 2 -> break
  od
}

inline set(when) {
#ifdef MUTANT_stirs_before
  lock();
  stir();
  unlock();
#endif
  lock();
  atomic { next = when; to_come = (when == NEVER -> 0 : 1) };
#if !defined(MUTANT_set_stirs_nobody) && !defined(MUTANT_stirs_before)
  stir();
#endif
  unlock()
}

proctype setter() {
  byte i;
  set(END_OF_TIME + 1); /* not in this world's time */
  set(1);
  set(NEVER);
  set(END_OF_TIME);
  next == NEVER; /* received */
  lock();
  closed = true;
  i = 0;
  do
  :: i < 2 ->
     if
     :: linked[i] -> served[i] = true; linked[i] = false; claimed[i] = true
     :: !linked[i]
     fi;
     i++
  :: i == 2 -> break
  od;
  unlock();
  assert(received >= 1 && received <= 2)
}

proctype time() {
  do
  :: now < END_OF_TIME -> now++
  :: now == END_OF_TIME -> break
  od
}

init {
  atomic {
    run receiver(0);
    run receiver(1);
    run setter();
    run time()
  }
}
