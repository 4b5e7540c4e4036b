#include "runtime/signal/send.h"

#include <errno.h>
#include <unistd.h>

#include "rt0/arch.h"
#include "rt0/upcalls.h"
#include "runtime/sched/interrupt.h"
#include "runtime/sched/park.h"
#include "runtime/sched/proc.h"
#include "runtime/signal/action.h"
#include "sys/process.h"

namespace rt0 {
namespace {

constinit signal_queue process RT0_GUARDED_BY(signal_lock){};

bool is_alive(const g* gp) noexcept {
  if (left_behind(gp)) return false;
  const gstatus s = readgstatus(gp);
  return s != gstatus::idle && s != gstatus::dead && gp->kind != g_kind::system && !left_behind(gp);
}

bool awaits(const g* gp, sys::sigset bit) noexcept {
  return (gp->signals.awaited.load(std::memory_order_relaxed) & bit) != 0;
}

bool takes(const g* gp, sys::sigset bit) noexcept {
  return awaits(gp, bit) || (gp->signals.mask.load(std::memory_order_relaxed) & bit) == 0;
}

template <class Condition>
g* find(Condition fits) noexcept {
  const std::uint32_t n = allg_count();
  for (std::uint32_t i = 0; i < n; i++) {
    g* gp = allg_at(i);
    if (is_alive(gp) && fits(gp)) return gp;
  }
  return nullptr;
}

constexpr sys::sigset profiling = sys::sig_bit(SIGPROF) | sys::sig_bit(SIGVTALRM);

// One of those that run now.
g* running_one(sys::sigset bit) noexcept {
  const int used = sched.fresh_p.load(std::memory_order_acquire);  // pairs with: pidleget's store(release)
  const int start = static_cast<int>(fastrand() % static_cast<std::uint64_t>(used));
  for (int i = 0; i < used; i++) {
    const m* mp = p_at((start + i) % used).m.load(std::memory_order_relaxed);
    g* gp = mp != nullptr ? __atomic_load_n(&mp->curg, __ATOMIC_RELAXED) : nullptr;
    if (gp != nullptr && is_alive(gp) && takes(gp, bit)) return gp;
  }
  return nullptr;
}

// nullptr: everybody blocks it.
g* choose(sys::sigset bit) noexcept RT0_REQUIRES(signal_lock) {
  if (sched.signal_waits.load(std::memory_order_relaxed) != 0) {
    if (g* gp = find([bit](const g* any) { return awaits(any, bit); })) return gp;
  }
  if ((bit & profiling) != 0) {
    if (g* gp = running_one(bit)) return gp;
  }
  const auto can = [bit](const g* any) { return takes(any, bit) && !is_closed(any, attend_signal); };
  g* main = main_goroutine();
  if (is_alive(main) && can(main)) return main;
  g* self = getg();
  if (is_alive(self) && self == getm()->curg && can(self)) return self;
  // One that stands in a run queue comes to look after its turn only.
  if (g* gp = find([can](const g* any) { return readgstatus(any) != gstatus::runnable && can(any); })) {
    return gp;
  }
  return find([bit](const g* any) { return takes(any, bit); });
}

signal_node* joined(signal_node* one, signal_node* other) noexcept {
  if (one == nullptr) return other;
  signal_node* last = one;
  while (last->next != nullptr) last = last->next;
  last->next = other;
  return one;
}

// sigqueue and timers are told when their siginfo finds no place; kill and raise are not.
bool needs_info(const siginfo_t& info) noexcept {
  return info.si_signo >= first_real_time && info.si_code != SI_USER;
}

}  // namespace

sys::sigset waiting_for(const g* gp) noexcept { return gp->signals.queue.pending | process.pending; }

int take_for(g* gp, sys::sigset set, signal_node** node) noexcept {
  const int own = take(gp->signals.queue, set, node);
  return own != 0 ? own : take(process, set, node);
}

signal_node* forget_waiting(g* gp) noexcept {
  constexpr sys::sigset all = ~sys::sigset{0};
  return joined(take_all(gp->signals.queue, all), take_all(process, all));
}

signal_node* take_all_anywhere(sys::sigset set) noexcept {
  signal_node* gone = take_all(process, set);
  const std::uint32_t n = allg_count();
  for (std::uint32_t i = 0; i < n; i++) {
    signal_queue& queue = allg_at(i)->signals.queue;
    if ((queue.pending & set) != 0) gone = joined(take_all(queue, set), gone);
  }
  return gone;
}

bool tell_listeners(int signal) noexcept {
  const signal_listeners* listeners = sched.listeners.load(std::memory_order_acquire);
  return listeners != nullptr && listeners->tell(signal);
}

int send_signal(g* to, const siginfo_t& info) noexcept {
  const int signal = info.si_signo;
  const sys::sigset bit = sys::sig_bit(signal);
  signal_node* node = make_node(info);
  if (node == nullptr && needs_info(info)) return EAGAIN;
  int error = 0;
  g* taker = nullptr;
  effect what = effect::call;
  {
    lock_guard hold(signal_lock);
    if (to != nullptr && !is_alive(to)) {
      error = ESRCH;
    } else {
      taker = to == nullptr ? choose(bit) : takes(to, bit) ? to : nullptr;
      const bool awaited = taker != nullptr && awaits(taker, bit);
      if (taker != nullptr && !awaited) what = effect_of(signal, action_of(signal));
      if (tell_listeners(signal) && !awaited && !is_function(action_of(signal))) what = effect::ignore;
      if (what == effect::call) node = put(to != nullptr ? to->signals.queue : process, signal, node);
    }
  }
  free_node(node);
  if (error != 0 || what == effect::ignore) return error;
  if (what == effect::end) {
    take_default(signal);
  } else if (taker != nullptr) {
    interrupt(taker, attend_signal);
  }
  return 0;
}

void pass_on(sys::sigset set) noexcept {
  while (set != 0) {
    const sys::sigset bit = set & -set;
    set &= ~bit;
    g* taker = nullptr;
    {
      lock_guard hold(signal_lock);
      if ((process.pending & bit) != 0) taker = choose(bit);
    }
    if (taker != nullptr) interrupt(taker, attend_signal);
  }
}

siginfo_t own_info(int signal, int code) noexcept {
  siginfo_t info{};
  info.si_signo = signal;
  info.si_code = code;
  info.si_pid = sys::getpid();
  info.si_uid = sys::getuid();
  return info;
}

// A goroutine's end, if it is attentive, or its making anew: nobody takes what was its own; the process's
// goes to others.
extern "C" void rt0_forget_signals(g* gp) {
  signal_node* gone = nullptr;
  sys::sigset left = 0;
  {
    lock_guard hold(signal_lock);
    gone = take_all(gp->signals.queue, ~sys::sigset{0});
    left = process.pending;
  }
  free_nodes(gone);
  attended(gp, attend_signal | attend_cancel);
  pass_on(left);
}

}  // namespace rt0
