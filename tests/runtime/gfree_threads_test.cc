// Free goroutines under many kernel threads, while one of them gives idle pages back: nobody gets a goroutine
// that another has, no stack is emptied while it is used, none is lost. Each thread has a P of its own, which
// the scheduler does not know; the goroutines never run.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <new>
#include <random>
#include <thread>
#include <vector>

#include "runtime/base/debug_options.h"
#include "runtime/sched/gfree.h"
#include "tests/runtime/seed.h"

using rt0::g;

namespace {

constexpr int kernel_threads = 4, rounds = 300'000;
constexpr std::size_t most_held = 200;
constexpr int size_classes[] = {14, 16};

g* make(int size_class) {
  const auto [place, error] = rt0::stack_alloc(size_class, sizeof(g));
  if (error != 0) return nullptr;
  g* gp = new (reinterpret_cast<void*>(place.g)) g{};
  gp->slot = place.slot;
  gp->size_class = static_cast<std::uint8_t>(size_class);
  gp->stack = {place.lo, place.hi};
  gp->status.store(rt0::gstatus::dead, std::memory_order_relaxed);
  return gp;
}

std::uintptr_t* word_of(const g* gp) { return reinterpret_cast<std::uintptr_t*>(gp->stack.lo); }

struct worker {
  std::unique_ptr<rt0::p> pp = std::make_unique<rt0::p>();
  std::vector<g*> held;
  int made = 0, errors = 0;

  // goid is the owner's mark: 0 in the lists.
  void take(int size_class, std::uint64_t id) {
    g* gp = rt0::gfget(pp.get(), size_class);
    if (gp == nullptr) {
      gp = make(size_class);
      made++;
    }
    if (gp == nullptr || gp->goid != 0 || static_cast<int>(gp->slot.size_class) != size_class) {
      errors++;
      return;
    }
    gp->goid = id;
    *word_of(gp) = id;
    held.push_back(gp);
  }

  void give(std::size_t i, std::uint64_t id) {
    g* gp = held[i];
    held[i] = held.back();
    held.pop_back();
    if (gp->goid != id || *word_of(gp) != id) errors++;
    gp->goid = 0;
    rt0::gfput(pp.get(), gp);
  }

  void run(std::uint64_t id, std::uint64_t seed) {
    std::mt19937_64 random(seed + id);
    for (int i = 0; i < rounds; i++) {
      const bool grow =
          held.empty() || (held.size() < most_held && (random() >> 10) % 100 < (i / 1000) % 100);
      if (grow) {
        take(size_classes[random() % 2], id);
      } else {
        give(random() % held.size(), id);
      }
      if (random() % 5000 == 0) rt0::gfpurge(pp.get());
    }
    while (!held.empty()) give(held.size() - 1, id);
    rt0::gfpurge(pp.get());
    for (const rt0::gfree_list& list : pp->gfree)
      errors += list.loaded != nullptr || list.previous != nullptr;
  }
};

}  // namespace

TEST_CASE("four Ps take and give goroutines while a fifth thread returns pages") {
  rt0::debug.idlepages = 0;  // the real sysmon would hold a batch of ours while they are counted
  const std::uint64_t seed = test_seed();
  std::atomic<bool> done{false};
  int turns = 0;
  std::thread sysmon([&] {
    for (std::int64_t now_ns = 1; !done.load(std::memory_order_acquire); turns++) {
      (void)rt0::gfree_return_idle_pages(now_ns += rt0::gfree_idle_ns / 2);
      (void)rt0::gfree_return_due_ns();
    }
  });
  worker workers[kernel_threads];
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kernel_threads; i++) {
    threads.emplace_back([&workers, i, seed] { workers[i].run(i + 1, seed); });
  }
  for (auto& t : threads) t.join();
  done.store(true, std::memory_order_release);
  sysmon.join();

  int made = 0, found = 0;
  for (const worker& w : workers) {
    CHECK(w.errors == 0);
    made += w.made;
  }
  rt0::p pp{};
  for (int size_class : size_classes) {
    while (g* gp = rt0::gfget(&pp, size_class)) {
      REQUIRE(gp->goid == 0);
      gp->goid = 99;
      found++;
    }
  }
  MESSAGE(made << " goroutines made, " << turns << " turns of the clock");
  CHECK(found == made);
  CHECK(rt0::gfree_return_due_ns() == rt0::no_timer);
  CHECK(turns > 10);
}
