// The deadlock report. Source: Go 1.21 proc.go checkdead, and its words.
#include "runtime/base/fatal.h"
#include "runtime/sched/proc.h"
#include "sys/signal.h"

namespace rt0 {
namespace {

bool waits(const g* gp) noexcept {
  return gp->kind != g_kind::system && readgstatus(gp) == gstatus::waiting && !left_behind(gp);
}

bool any_waits() noexcept {
  for (std::uint32_t i = 0; i < allg_count(); i++) {
    if (waits(allg_at(i))) return true;
  }
  return false;
}

// Something outside the scheduler may still make a goroutine runnable.
bool signal_may_come() noexcept {
  const signal_listeners* listeners = sched.listeners.load(std::memory_order_acquire);
  if (listeners != nullptr && listeners->any()) return true;
  return sched.handled.load(std::memory_order_relaxed) != 0 ||
         sched.signal_waits.load(std::memory_order_relaxed) != 0 || sys::itimer_pending();
}

}  // namespace

void checkdead() noexcept {
  // An M that runs, sits in a system call, or sleeps as the poller is none of these.
  const std::int64_t running = sched.mcount - sched.nmidle - sched.nmidlelocked - sched.nmsys;
  ensure(running >= 0, "checkdead: inconsistent counts");
  if (running > 0 || signal_may_come()) return;
  throw_(any_waits() ? "all goroutines are asleep - deadlock!"
                     : "no goroutines (main called Goexit) - deadlock!");
}

}  // namespace rt0
