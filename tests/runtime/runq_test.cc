// Run queues: order, runnext, overflow to the global queue and back; nothing lost, nothing twice.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <memory>
#include <set>
#include <vector>

#include "runtime/sched/runq.h"

namespace {

// A P beside the scheduler's own, and goroutines that never run.
struct fixture {
  std::unique_ptr<rt0::p> pp = std::make_unique<rt0::p>();
  std::unique_ptr<rt0::g[]> gs{new rt0::g[1000]()};
};

rt0::g* take_global(rt0::p* pp) {
  rt0::lock_guard hold(rt0::sched.lock);
  return rt0::globrunqget(pp, 0);
}

}  // namespace

TEST_CASE_FIXTURE(fixture,
                  "the ring is first in first out, runnext goes before it and is kicked to its tail") {
  CHECK(rt0::runqempty(pp.get()));
  rt0::runqput(pp.get(), &gs[0], false);
  rt0::runqput(pp.get(), &gs[1], false);
  rt0::runqput(pp.get(), &gs[2], true);
  rt0::runqput(pp.get(), &gs[3], true);
  CHECK_FALSE(rt0::runqempty(pp.get()));
  for (int expected : {3, 0, 1, 2}) CHECK(rt0::runqget(pp.get()).gp == &gs[expected]);
  CHECK(rt0::runqget(pp.get()).gp == nullptr);
  CHECK(rt0::runqempty(pp.get()));
}

TEST_CASE_FIXTURE(fixture, "a full ring gives half of itself and the newcomer to the global queue") {
  for (std::uint32_t i = 0; i <= rt0::runq_capacity; i++) rt0::runqput(pp.get(), &gs[i], false);
  std::set<rt0::g*> seen;
  while (rt0::g* gp = rt0::runqget(pp.get()).gp) seen.insert(gp);
  CHECK(seen.size() == rt0::runq_capacity / 2);
  std::size_t global = 0;
  while (rt0::g* gp = take_global(pp.get())) {
    seen.insert(gp);
    global++;
    while (rt0::g* moved = rt0::runqget(pp.get()).gp) {
      seen.insert(moved);
      global++;
    }
  }
  CHECK(global == rt0::runq_capacity / 2 + 1);
  CHECK(seen.size() == rt0::runq_capacity + 1);
}
