// Ps: how many there are. Source: Go 1.21 proc.go procresize.
//
// Differs: Ps lie in zeroed tables instead of the heap, and a P that was never used is not touched: a
// zeroed P is an idle one. A process that needs one P pays for one.
#include "runtime/base/fatal.h"
#include "runtime/sched/proc.h"

namespace rt0 {

static_assert(static_cast<int>(pstatus::idle) == 0, "a zeroed P is idle");

g* procresize(int n) noexcept {
  ensure(sched.world_stopped, "procresize: the world is not stopped");
  ensure(n >= 1 && n <= max_procs, "procresize: invalid argument");
  sched.gomaxprocs = n;
  m* mp = getm();
  if (mp->p == nullptr) {
    mp->p = &p0;
    p0.m = mp;
    p0.status = pstatus::running;
  }
  lock_guard hold(sched.lock);
  sched.fresh_p = 1;
  sched.npidle = n - 1;
  return nullptr;  // with one M no other P has ever held a goroutine
}

}  // namespace rt0
