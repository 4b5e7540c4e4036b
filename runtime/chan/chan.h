// Channels: hchan, its waiters, and the operations under its lock that chan.cc and select.cc share.
//
// Go's runtime/chan.go, with its words. What differs comes from C++ values, whose moves are a program's code:
//
// - Where the bytes are the value, the lock is one for which an M spins, as Go's: it is held for some ten
//   nanoseconds, in the core's own code, which is not preempted. Else it is one in which goroutines park
//   (runtime/sync/lock_word.h), so that a move which runs under it may take locks, print, sleep, be
//   preempted, and throw. A move may not use the channel that moves it, as it could not take a mutex that its
//   caller holds.
// - A move that throws belongs to who executes it: a receiver that takes from a waiting sender, a sender that
//   gives to a waiting receiver. Its exception goes there; the other side goes on waiting and is not told.
//   Only a receiver that made room, and fills it with a waiting sender's value, works for the sender: that
//   exception goes to the sender.
// - Go's gopark unlocks the channel after the switch away. Here the wait's ticket is claimed instead, and the
//   lock is free before (runtime/sched/park.h).
//
// A waiter is a sudog in its own frame. Who serves it does all of this under the channel's lock:
//
//   a plain one:        moves the value, unlinks it, writes the outcome, claims its ticket. Nobody else
//                       serves it meanwhile, so it may run at once and needs no lock to read the outcome.
//   one of a select's:  unlinks it, claims the ticket (or loses it, to another of its cases), moves, writes
//                       the outcome. It may run in the middle of that, so it takes the lock of every channel
//                       before it looks.
//
// A signal may end any of these waits, as `interrupted`. A select then takes its sudogs out, runs the handler
// and begins anew. A plain waiter looks under the lock whether it was served before; if not, it does the
// same, and stands last in the queue after it.
//
// A wait may end for nothing: as timed_out with its sudog still linked, when a channel of time has a tick to
// give, or another time for it. The waiter takes the sudog out and looks again, as after a signal.
//
// A select whose move threw in the server's hands was claimed already and cannot go back to waiting, since
// others passed it over meanwhile: its outcome is `retry`, it begins anew.
//
// Invariants: of recvq and sendq one is empty, but for the sudogs of one select; count > 0 with waiting
// receivers, and count < capacity with waiting senders, only while the lock is held (Go's Invariants).
#pragma once
#include "rt/abi/chan.h"
#include "runtime/sched/park.h"
#include "runtime/sync/lock_word.h"

namespace rt0 {

struct hchan;
struct sudog;

// What a select's sudogs share.
struct selection {
  sudog* fired;
};

enum class outcome : std::uint8_t { done, closed, threw, retry };

struct sudog {
  wait_ticket ticket;
  sudog* next;
  sudog* previous;
  const rt0_chan_op* op;  // in the waiter's frame too
  selection* select;      // nullptr: a plain send or receive
  outcome result;
  bool linked;
};

// Waiters, first come first served.
struct waitq {
  sudog* first;
  sudog* last;

  void push_back(sudog& sg) noexcept {
    sg.next = nullptr;
    sg.previous = last;
    (last != nullptr ? last->next : first) = &sg;
    last = &sg;
    sg.linked = true;
  }
  void remove(sudog& sg) noexcept {
    (sg.previous != nullptr ? sg.previous->next : first) = sg.next;
    (sg.next != nullptr ? sg.next->previous : last) = sg.previous;
    sg.linked = false;
  }
};

struct hchan {
  std::uint32_t refs;
  std::uint32_t bits;           // written under the lock
  std::size_t capacity, count;  // written under the lock; count is read without it as a hint
  const rt0_chan_type* type;
  std::atomic<std::uint32_t> spin_;  // where the bytes are the value
  lock_word lock_;                   // else
  waitq recvq, sendq;
  std::size_t sendx, recvx;  // where the next value goes, and is

  bool closed() const noexcept { return (bits & rt0_chan_is_closed) != 0; }
  bool is_clock() const noexcept { return (bits & rt0_chan_is_clock) != 0; }
  // The bytes are the value: no code of the program's runs under the lock.
  bool bytes() const noexcept { return type->construct == nullptr; }

  // May park. Not while the goroutine has a ticket: waiting for the lock would be another wait.
  void lock() noexcept {
    const bool got = bytes() ? try_spin() : lock_.try_lock();
    if (!got) [[unlikely]]
      lock_slow();
  }
  void unlock() noexcept {
    if (bytes()) {
      spin_.store(0, std::memory_order_release);  // pairs with: try_spin's exchange(acquire)
    } else {
      lock_.unlock();
    }
  }
  void* cell(std::size_t at) noexcept {
    return reinterpret_cast<std::byte*>(this) + rt0_chan_buffer_offset(type->align) + at * type->bytes;
  }

 private:
  bool try_spin() noexcept {
    perturb();
    return spin_.exchange(1, std::memory_order_acquire) == 0;  // pairs with: unlock's store(release)
  }
  void lock_slow() noexcept;
};
static_assert(sizeof(hchan) <= sizeof(rt0_chan) && offsetof(hchan, type) == offsetof(rt0_chan, type));
static_assert(offsetof(hchan, bits) == offsetof(rt0_chan, bits) &&
              offsetof(hchan, count) == offsetof(rt0_chan, count));

inline hchan* hchan_of(rt0_chan* c) noexcept { return reinterpret_cast<hchan*>(c); }

// Goroutines whose waits an operation ended, to be made runnable when the lock is free.
class ready_list {
 public:
  void add(g* gp) noexcept {
    gp->schedlink = nullptr;
    *end_ = gp;
    end_ = &gp->schedlink;
  }
  void make_ready() noexcept {
    for (g* gp = first_; gp != nullptr;) {
      g* next = gp->schedlink;
      goready(gp);
      gp = next;
    }
  }

 private:
  g* first_ = nullptr;
  g** end_ = &first_;
};

// The operation, if it can be done now. c is locked; may run the program's moves.
rt0_chan_status send_locked(hchan* c, const rt0_chan_op& op, ready_list& ready);
rt0_chan_status recv_locked(hchan* c, const rt0_chan_op& op, ready_list& ready);

// A channel of time (time_channel.cc). All of it with c locked.
//
// Its value, if one is due: written to where op wants it, and the clock goes on.
bool take_tick(hchan* c, const rt0_chan_op& op) noexcept;
bool tick_is_due(hchan* c) noexcept;
// Until when who waits for a value of c sleeps; no_timer: no limit of c's.
std::int64_t next_tick_ns(hchan* c) noexcept;

// Until when the waiter of an operation sleeps: who sends, or waits for no clock, without a limit.
inline std::int64_t wait_limit_ns(hchan* c, const waitq& q) noexcept {
  return c->is_clock() && &q == &c->recvq ? next_tick_ns(c) : no_timer;
}

// How an ended wait looks to its caller.
inline rt0_chan_status status_of(outcome result) noexcept {
  return result == outcome::done ? rt0_chan_ok : result == outcome::closed ? rt0_chan_closed : rt0_chan_threw;
}

}  // namespace rt0
