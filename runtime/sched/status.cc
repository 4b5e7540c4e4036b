#include "runtime/sched/status.h"

#include "runtime/base/fatal.h"
#include "runtime/base/report.h"
#include "runtime/sched/g.h"

namespace rt0 {

const char* text_of(gstatus s) noexcept {
  switch (s) {
    case gstatus::idle: return "idle";
    case gstatus::runnable: return "runnable";
    case gstatus::running: return "running";
    case gstatus::syscall: return "syscall";
    case gstatus::waiting: return "waiting";
    case gstatus::dead: return "dead";
  }
  return "corrupt";
}

gstatus readgstatus(const g* gp) noexcept {
  return gp->status.load(std::memory_order_acquire);  // pairs with: casgstatus
}

// A state has one owner at a time, who alone moves the goroutine on: a look and a store, no atomic step. The
// look finds a runtime that lost count.
void casgstatus(g* gp, gstatus from, gstatus to) noexcept {
  ensure(gstatus_edge(from, to), "casgstatus: no such transition");
  const gstatus found = gp->status.load(std::memory_order_relaxed);
  if (found == from) [[likely]]
    return gp->status.store(to, std::memory_order_release);  // pairs with: readgstatus load(acquire)
  {
    report() << "casgstatus: goroutine " << gp->goid << ": " << text_of(from) << " -> " << text_of(to)
             << ", found " << text_of(found) << "\n";
  }
  throw_("casgstatus: bad incoming values");
}

}  // namespace rt0
