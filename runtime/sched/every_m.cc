// Source: musl 1.2.3 synccall.c; differs: the list of Ms is ours and complete while sched.births is held, and
// nobody waits in the handler for the others.
#include "runtime/sched/every_m.h"

#include <errno.h>

#include "rt0/arch.h"
#include "rt0/upcalls.h"
#include "runtime/base/fatal.h"
#include "sys/futex.h"
#include "sys/process.h"
#include "sys/signal.h"

namespace rt0 {
namespace {

constexpr std::uint32_t answered = 0, asked = 1;

struct call {
  call_on_m fn;
  void* arg;
};
constinit call current{};  // signal-safe: written under sched.births, before the release that asks
constinit bool installed RT0_GUARDED_BY(sched.births) = false;

const std::uint32_t* word_of(const m* mp) noexcept {
  return reinterpret_cast<const std::uint32_t*>(&mp->call);
}

void ask(m* mp) noexcept {
  mp->call.store(asked, std::memory_order_release);  // pairs with: answer_call's load(acquire)
  // EAGAIN: too many signals are queued for this user. That ends.
  for (;;) {
    const auto sent = sys::tgkill(sched.pid, mp->procid, call_signal);
    if (sent.ok()) return;
    ensure(sent.error() == EAGAIN, "on_every_m: tgkill");
    sys::sched_yield();
  }
}

void await(const m* mp) noexcept {
  // pairs with: answer_call's store(release)
  while (mp->call.load(std::memory_order_acquire) != answered) {
    (void)sys::futex_wait(word_of(mp), asked, sys::no_deadline);
  }
}

}  // namespace

void on_every_m(call_on_m fn, void* arg, turns how) noexcept {
  if (!installed) {
    ensure(sys::set_handler(call_signal, rt0_sigtramp, rt0_sigreturn).ok(), "on_every_m: rt_sigaction");
    installed = true;
  }
  current = {fn, arg};
  fn(arg, nullptr);
  // Whoever makes an M holds sched.births from before its place in the list until its thread exists.
  m* const all = sched.allm.load(std::memory_order_acquire);  // pairs with: mcommoninit's store(release)
  for (m* mp = all; mp != nullptr; mp = mp->alllink) {
    if (mp == getm()) continue;
    ask(mp);
    if (how == turns::one_by_one) await(mp);
  }
  for (m* mp = all; mp != nullptr; mp = mp->alllink) await(mp);
}

void answer_call(m* mp, void* ucontext) noexcept {
  // A program may send the number too. pairs with: ask's store(release)
  if (mp->call.load(std::memory_order_acquire) != asked) return;
  current.fn(current.arg, ucontext);
  mp->call.store(answered, std::memory_order_release);  // pairs with: await's load(acquire)
  (void)sys::futex_wake(word_of(mp), 1);
}

}  // namespace rt0
