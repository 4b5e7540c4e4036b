#include "runtime/sched/status.h"

#include "runtime/base/fatal.h"
#include "runtime/base/report.h"
#include "runtime/sched/g.h"

namespace rt0 {

void bad_gstatus(const g* gp, gstatus from, gstatus to) noexcept {
  ensure(gstatus_edge(from, to), "casgstatus: no such transition");
  {
    report() << "casgstatus: goroutine " << gp->goid << ": " << text_of(from) << " -> " << text_of(to)
             << ", found " << text_of(readgstatus(gp)) << "\n";
  }
  throw_("casgstatus: bad incoming values");
}

}  // namespace rt0
