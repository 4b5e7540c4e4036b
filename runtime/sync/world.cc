// Source: Go 1.21 debug.go GOMAXPROCS.
#include "runtime/sync/world.h"

#include <algorithm>

#include "runtime/sched/machine.h"
#include "runtime/sched/proc.h"
#include "runtime/sched/stop_the_world.h"
#include "runtime/sync/lock_word.h"

namespace rt0 {
namespace {

constinit lock_word worldsema{};

}  // namespace

void lock_world() noexcept { worldsema.lock(forever, wait_reason::world); }
void unlock_world() noexcept { worldsema.unlock(); }

int gomaxprocs(int n) noexcept {
  lock_world();
  const int old = settled_procs();
  n = std::min(n, max_procs);
  if (n > 0 && n != old) {
    stop_the_world();
    procresize(n);
    start_the_world();
  }
  unlock_world();
  return old;
}

}  // namespace rt0
