#include "rt0/upcalls.h"
#include "runtime/sched/park.h"
#include "runtime/sched/sched.h"

namespace rt0 {

// Where rt0_asyncpreempt leads, all registers saved. On the goroutine's stack; returns when it is run again.
extern "C" void rt0_asyncpreempt2() {
  getm()->p->preempt.store(false, std::memory_order_relaxed);
  yield();
}

}  // namespace rt0
