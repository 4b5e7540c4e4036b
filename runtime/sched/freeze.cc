#include "runtime/sched/freeze.h"

#include <errno.h>

#include "rt0/arch.h"
#include "rt0/upcalls.h"
#include "runtime/base/fatal.h"
#include "runtime/sched/every_m.h"
#include "sys/clock.h"
#include "sys/futex.h"
#include "sys/process.h"

namespace rt0 {
namespace {

constexpr std::uint32_t none = 0, asked = 1, frozen = 2;
constexpr std::int64_t patience_ns = 2'000'000'000;  // an M that sleeps in the kernel cannot answer
constexpr std::int64_t turn_ns = 1'000'000;          // between two looks whether it is our turn

constinit std::atomic<m*> reporter{nullptr};

const std::uint32_t* word_of(const m* mp) noexcept {
  return reinterpret_cast<const std::uint32_t*>(&mp->frozen);
}

void stay(m* mp, const registers& at) noexcept {
  // pairs with: ask's store(release)
  if (mp->frozen.load(std::memory_order_acquire) != asked) return;
  mp->frozen_at = &at;
  std::uint32_t was = asked;
  // release, pairs with: await's load(acquire). Failure: thawed, too slow
  if (!mp->frozen.compare_exchange_strong(was, frozen, std::memory_order_acq_rel)) return;
  (void)sys::futex_wake(word_of(mp), 1);
  while (mp->frozen.load(std::memory_order_acquire) == frozen) {  // pairs with: thaw_others' exchange
    (void)sys::futex_wait(word_of(mp), frozen, sys::no_deadline);
  }
}

// Ms that have a thread by now: the others run nothing. True: some were asked.
bool ask_all(m* self) noexcept {
  bool any = false;
  const std::int32_t pid = sys::getpid();
  // pairs with: mcommoninit's store(release)
  for (m* mp = sched.allm.load(std::memory_order_acquire); mp != nullptr; mp = mp->alllink) {
    const std::int32_t tid = std::atomic_ref<std::int32_t>(mp->procid).load(std::memory_order_acquire);
    if (mp == self || tid == 0 || mp->frozen.load(std::memory_order_relaxed) != none) continue;
    mp->frozen.store(asked, std::memory_order_release);  // pairs with: stay's load(acquire)
    (void)sys::futex_wake(word_of(mp), 1);               // it may wait for its turn
    while (sys::tgkill(pid, tid, call_signal).error() == EAGAIN) sys::sched_yield();
    any = true;
  }
  return any;
}

void await_all(m* self, std::int64_t deadline_ns) noexcept {
  for (m* mp = sched.allm.load(std::memory_order_acquire); mp != nullptr; mp = mp->alllink) {
    while (mp != self && mp->frozen.load(std::memory_order_acquire) == asked) {  // pairs with: stay's CAS
      if (sys::futex_wait(word_of(mp), asked, deadline_ns).error() == ETIMEDOUT) break;
    }
  }
}

}  // namespace

bool is_reporting() noexcept { return reporter.load(std::memory_order_relaxed) == getm(); }

bool claim_report(const registers& here) noexcept {
  m* self = getm();
  if (is_reporting()) return false;
  for (m* nobody = nullptr; !reporter.compare_exchange_strong(nobody, self, std::memory_order_acq_rel);
       nobody = nullptr) {
    (void)sys::futex_wait(word_of(self), none, sys::nanotime() + turn_ns);
    stay(self, here);
  }
  return true;
}

bool freeze_others(const registers& here) noexcept {
  if (!claim_report(here)) return false;
  m* self = getm();
  ensure(sys::set_handler(call_signal, rt0_sigtramp, rt0_sigreturn).ok(), "freeze: rt_sigaction");
  const std::int64_t deadline_ns = sys::nanotime() + patience_ns;
  // Again: an M that is frozen now may have made another just before.
  while (ask_all(self)) await_all(self, deadline_ns);
  return true;
}

void thaw_others() noexcept {
  m* self = getm();
  for (m* mp = sched.allm.load(std::memory_order_acquire); mp != nullptr; mp = mp->alllink) {
    if (mp == self || mp->frozen.load(std::memory_order_relaxed) == none) continue;
    // release: what the reporter did is done. pairs with: stay's loads(acquire)
    (void)mp->frozen.exchange(none, std::memory_order_acq_rel);
    (void)sys::futex_wake(word_of(mp), 1);
  }
  reporter.store(nullptr, std::memory_order_release);  // pairs with: freeze_others' CAS
}

const registers* frozen_registers(const m* mp) noexcept {
  return mp->frozen.load(std::memory_order_acquire) == frozen ? mp->frozen_at : nullptr;
}

void answer_freeze(m* mp, void* ucontext) noexcept {
  if (mp->frozen.load(std::memory_order_acquire) != asked) return;
  const registers here = registers_of(ucontext);
  stay(mp, here);
}

}  // namespace rt0
