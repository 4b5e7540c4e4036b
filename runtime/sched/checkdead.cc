// The deadlock report. Source: Go 1.21 proc.go checkdead, and its words.
#include "runtime/base/fatal.h"
#include "runtime/base/report.h"
#include "runtime/sched/labels.h"
#include "runtime/sched/proc.h"
#include "sys/process.h"
#include "sys/signal.h"

namespace rt0 {
namespace {

constexpr std::uint32_t max_reported = 100;

void report_goroutine(const g* gp) noexcept {
  report out;
  out << "\ngoroutine " << gp->goid << " [" << text_of(gp->why) << "]";
  if (gp->thread.name[0] != 0) out << " \"" << gp->thread.name << "\"";
  const char* before = " {";
  for (const rt0_label* l = first_label(gp); l != nullptr; l = next_label(gp, l)) {
    out << before << l->text << ": " << value_of(l);
    before = ", ";
  }
  out << (first_label(gp) != nullptr ? "}:\n" : ":\n");
  if (gp->parent_goid != 0)
    out << "created in goroutine " << gp->parent_goid << ", at " << hex{gp->gopc} << "\n";
}

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
  {
    report() << "fatal error: "
             << (any_waits() ? "all goroutines are asleep - deadlock!\n"
                             : "no goroutines (main called Goexit) - deadlock!\n");
  }
  std::uint32_t shown = 0, left_out = 0;
  for (std::uint32_t i = 0; i < allg_count(); i++) {
    const g* gp = allg_at(i);
    if (!waits(gp)) continue;
    if (shown++ < max_reported) {
      report_goroutine(gp);
    } else {
      left_out++;
    }
  }
  if (left_out != 0) report() << "\n" << left_out << " more goroutines\n";
  sys::exit_group(exit_fatal);
}

}  // namespace rt0
