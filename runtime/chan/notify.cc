// The core of <rt/signal.h>: which channels are told of which signals.
//
// Source: Go's os/signal Notify. There a goroutine takes signals from the runtime and gives them to channels.
// Here whoever sends the signal does (runtime/signal/send.h), who is the receiver as a rule, an M without a
// P: a send without waiting runs no code of the program's, since a channel of ints holds bytes, and makes its
// receiver runnable from any M. So no goroutine is woken in between, and none is there to be counted.
//
// A notification ends when its channel is closed or nobody but the list has a handle: not by a call, so it is
// looked at when a signal comes. The entry stays until the next notification is made, by a goroutine, which
// alone can free what a program's operator new made.
//
// Invariant: entries leave the list only in a goroutine; so checkdead, which looks when none runs, needs no
// lock.
#include <errno.h>
#include <signal.h>

#include "rt/abi/signal.h"
#include "rt0/arch.h"
#include "runtime/base/export.h"
#include "runtime/chan/chan.h"
#include "runtime/mem/heap.h"
#include "runtime/sched/signal.h"
#include "runtime/sched/signal_mask.h"
#include "runtime/signal/queue.h"
#include "runtime/signal/receiver.h"

namespace rt0 {
namespace {

struct notification {
  rt0_chan* channel;  // with a handle
  sys::sigset signals;
  notification* next;
};

constinit notification* first = nullptr;  // written under signal_lock

bool ended(const notification& n) noexcept {
  // pairs with: rt0_chan_close
  return (__atomic_load_n(&n.channel->bits, __ATOMIC_ACQUIRE) & rt0_chan_is_closed) != 0 ||
         __atomic_load_n(&n.channel->refs, __ATOMIC_ACQUIRE) == 1;  // pairs with: the others' last use
}

bool tell(int signal) noexcept {
  bool told = false;
  for (notification* n = first; n != nullptr; n = n->next) {
    if ((n->signals & sys::sig_bit(signal)) == 0 || ended(*n)) continue;
    int value = signal;
    const rt0_chan_op op{&value, nullptr, nullptr};
    told |= rt0_chan_try_send(n->channel, &op) != rt0_chan_closed;  // a full one loses it
  }
  return told;
}

bool any() noexcept {
  for (const notification* n = first; n != nullptr; n = n->next) {
    if (!ended(*n)) return true;
  }
  return false;
}

constexpr signal_listeners listeners{tell, any};

// 0: one of them is no signal, or cannot be had.
sys::sigset set_of(const int* signals, std::size_t count) noexcept {
  sys::sigset set = 0;
  for (std::size_t i = 0; i < count; i++) {
    const int signal = signals[i];
    const bool ours = signal >= first_real_time && signal <= call_signal;
    if (signal < 1 || signal > sys::signal_count || ours) return 0;
    if ((never_blocked & sys::sig_bit(signal)) != 0) return 0;
    set |= sys::sig_bit(signal);
  }
  return set;
}

}  // namespace
}  // namespace rt0

using namespace rt0;

RT0_EXPORT int rt0_notify(rt0_chan* c, const int* signals, std::size_t count) noexcept {
  const sys::sigset set = set_of(signals, count);
  if (set == 0) return EINVAL;
  auto* fresh = static_cast<notification*>(heap_alloc(sizeof(notification)));
  if (fresh == nullptr) return ENOMEM;
  __atomic_fetch_add(&c->refs, 1, __ATOMIC_RELAXED);
  *fresh = {c, set, nullptr};
  for (int signal = 1; signal <= sys::signal_count; signal++) {
    if ((set & fault_signals & sys::sig_bit(signal)) != 0) install_fault_handler(signal);
  }
  take_over(set);
  ensure_receiver();
  {
    lock_guard hold(signal_lock);
    fresh->next = first;
    first = fresh;
    sched.listeners.store(&listeners, std::memory_order_release);  // pairs with: the loads(acquire)
  }
  take_back(set);
  take_from_kernel(set & sched.sigmask.load(std::memory_order_relaxed));
  return 0;
}

RT0_EXPORT rt0_chan* rt0_notify_ended() noexcept {
  notification* gone = nullptr;
  {
    lock_guard hold(signal_lock);
    notification** at = &first;
    while (*at != nullptr && !ended(**at)) at = &(*at)->next;
    gone = *at;
    if (gone != nullptr) *at = gone->next;
  }
  rt0_chan* channel = gone != nullptr ? gone->channel : nullptr;
  heap_free(gone);
  return channel;
}
