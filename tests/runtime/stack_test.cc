// Stacks from inside: slots, guards, G's place, many of them; free goroutines and their idle pages. Run with
// both kinds of guard (RT0_DEBUG=guard=0 makes it mprotect's).
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "runtime/base/debug_options.h"
#include "runtime/mem/stack.h"
#include "runtime/sched/gfree.h"
#include "runtime/sched/proc.h"
#include "sys/clock.h"
#include "tests/runtime/proc_self.h"

using rt0::g;
using rt0::stack_place;

namespace {

constexpr std::size_t page = 4096;
constexpr int go_class = 16, thread_class = 23;

stack_place carve(int size_class) {
  const auto [place, error] = rt0::stack_alloc(size_class, sizeof(g));
  REQUIRE(error == 0);
  return place;
}

std::vector<stack_place> carve(int size_class, int n) {
  std::vector<stack_place> places;
  for (int i = 0; i < n; i++) places.push_back(carve(size_class));
  return places;
}

void check_apart(std::vector<stack_place> places) {
  std::sort(places.begin(), places.end(),
            [](const auto& a, const auto& b) { return a.slot.base < b.slot.base; });
  for (std::size_t i = 1; i < places.size(); i++) {
    REQUIRE(places[i - 1].slot.base + places[i - 1].slot.bytes <= places[i].slot.base);
  }
}

// A flag in VmFlags of the mapping around `at`: proc(5).
bool mapping_has_flag(std::uintptr_t at, const std::string& flag) {
  std::ifstream smaps("/proc/self/smaps");
  bool here = false;
  for (std::string line; std::getline(smaps, line);) {
    std::uintptr_t from, to;
    if (sscanf(line.c_str(), "%lx-%lx ", &from, &to) == 2) here = from <= at && at < to;
    if (here && line.starts_with("VmFlags:")) return (line + " ").find(" " + flag + " ") != std::string::npos;
  }
  return false;
}

// n threads that use so many bytes of their stacks and are all there at once.
void use_stacks(int n, std::size_t bytes) {
  std::mutex mu;
  std::condition_variable all_here;
  int here = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < n; i++) {
    threads.emplace_back([&] {
      auto* below = static_cast<volatile char*>(__builtin_alloca(bytes));
      for (std::size_t at = 0; at < bytes; at += page) below[at] = 1;
      std::unique_lock hold(mu);
      if (++here == n) all_here.notify_all();
      all_here.wait(hold, [&] { return here == n; });
    });
  }
  for (auto& t : threads) t.join();
}

// gfree's clock, which these tests turn by hand.
std::int64_t test_now_ns = rt0::sys::nanotime();

void next_period() {
  test_now_ns += rt0::gfree_idle_ns;
  while (rt0::gfree_return_idle_pages(test_now_ns)) {
  }
}

}  // namespace

TEST_CASE("slots: apart, an odd number of pages, guard, stack, TLS and G in order") {
  for (int size_class : {14, go_class, 20, thread_class}) {
    CAPTURE(size_class);
    const auto places = carve(size_class, 300);
    check_apart(places);
    std::set<std::size_t> colours;
    for (const auto& p : places) {
      const std::uintptr_t end = p.slot.base + p.slot.bytes;
      REQUIRE(p.slot.size_class == static_cast<std::uint32_t>(size_class));
      REQUIRE(p.slot.bytes / page % 2 == 1);
      REQUIRE(p.lo == p.slot.base + rt0::stack_guard_bytes);
      REQUIRE(end - p.lo >= std::size_t{1} << size_class);
      REQUIRE(p.hi % 64 == 0);
      REQUIRE(p.g % 64 == 0);
      REQUIRE(p.hi <= p.g);
      REQUIRE(p.g + sizeof(g) <= end);
      REQUIRE(p.hi >= end - page);  // this program's TLS is small: one page for G, TLS and the first frames
      colours.insert(p.g % page);
    }
    CHECK(colours.size() == 16);
    for (int i : {0, 1, 150, 299}) {
      const auto& p = places[static_cast<std::size_t>(i)];
      for (std::uintptr_t at = p.slot.base; at < p.lo; at += page) REQUIRE(is_guard(at));
      REQUIRE(is_guard(p.lo - 1));
      REQUIRE_FALSE(is_guard(p.lo));
      REQUIRE_FALSE(is_guard(p.hi - 1));
      REQUIRE(*reinterpret_cast<const std::uint64_t*>(p.g) == 0);
    }
  }
}

// Under transparent_hugepage=always one touched page would become 2 MiB.
TEST_CASE("no slot lies in a mapping that takes huge pages") {
  CHECK(mapping_has_flag(rt0::getg()->slot.base + rt0::stack_guard_bytes, "nh"));
  for (int size_class : {14, go_class, thread_class}) {
    CHECK(mapping_has_flag(carve(size_class).lo, "nh"));
  }
}

TEST_CASE("a slot for rt::go: 21 pages") {
  CHECK(carve(go_class).slot.bytes == 21 * page);
  CHECK(rt0::stack_class_of(65536) == go_class);
}

// As many as a large program has at once, under the default vm.max_map_count (65,530). With mprotect's guards
// each needs two mappings: see stack_probe.
TEST_CASE("100,000 slots of 64 KiB and 20,000 of 8 MiB") {
  if (rt0::debug.guard == 0) return;
  const std::size_t before_kib = rss_kib();
  auto places = carve(go_class, 100'000);
  const auto large = carve(thread_class, 20'000);
  places.insert(places.end(), large.begin(), large.end());
  check_apart(places);
  MESSAGE("mappings " << mappings() << ", VmPTE " << status_kib("VmPTE:") << " KiB, VmSize "
                      << (status_kib("VmSize:") >> 20) << " GiB");
  CHECK(mappings() < 1000);
  CHECK(rss_kib() - before_kib < 20'000);  // nothing of them was touched: this is our vector of places
}

TEST_CASE("threads that come and go leave no growth behind") {
  std::uint32_t goroutines = 0;
  std::size_t rss = 0, size = 0;
  constexpr int batch = 100, rounds = 1'000'000 / batch;
  for (int round = 0; round < rounds; round++) {
    if (round == 10'000 / batch) {
      goroutines = rt0::allg_count();
      rss = rss_kib();
      size = status_kib("VmSize:");
    }
    std::thread threads[batch];
    for (auto& t : threads) t = std::thread([] {});
    for (auto& t : threads) t.join();
  }
  CHECK(rt0::allg_count() == goroutines);
  CHECK(rss_kib() <= rss + 1024);
  CHECK(status_kib("VmSize:") == size);
}

TEST_CASE("stacks that lay idle give their pages back, once; goroutines stay readable and are used again") {
  constexpr int n = 1'000;
  constexpr std::size_t used = 40 * 1024;
  use_stacks(n, used);
  const std::uint32_t goroutines = rt0::allg_count();
  const std::size_t before_kib = rss_kib();

  next_period();  // ends whatever period ran: ours are `old` at the latest after the next
  CHECK(rss_kib() > before_kib - n * 4);
  CHECK(rt0::gfree_return_due_ns() == test_now_ns + rt0::gfree_idle_ns);
  CHECK_FALSE(rt0::gfree_return_idle_pages(test_now_ns + rt0::gfree_idle_ns - 1));
  CHECK(rss_kib() > before_kib - n * 4);
  next_period();
  next_period();
  const std::size_t after_kib = rss_kib();
  MESSAGE("RSS " << before_kib << " -> " << after_kib << " KiB, " << n << " stacks");
  CHECK(before_kib - after_kib > (n - 100) * used / 1024 * 9 / 10);  // up to 64 lie in the P's own list
  CHECK(rt0::gfree_return_due_ns() == rt0::no_timer);

  for (std::uint32_t i = 0; i < goroutines; i++) {
    const g* gp = rt0::allg_at(i);
    REQUIRE(gp->index == i + 1);
    REQUIRE(gp->tcb.self == gp);
    REQUIRE(gp->stack.lo != 0);
  }
  use_stacks(n, used);
  CHECK(rt0::allg_count() == goroutines);
}

TEST_CASE("who is needed again in time keeps the pages, and only those that were needed") {
  constexpr std::size_t used = 40 * 1024;
  for (int i = 0; i < 3; i++) next_period();
  const std::size_t empty_kib = rss_kib();
  use_stacks(500, used);
  const std::size_t full_kib = rss_kib();
  CHECK(full_kib - empty_kib > 400 * used / 1024);
  for (int i = 0; i < 5; i++) {
    next_period();
    use_stacks(500, used);
  }
  CHECK(rss_kib() + 1024 > full_kib);
  CHECK(rss_kib() < full_kib + 1024);
}

TEST_CASE("gfpurge leaves a P nothing and loses nobody") {
  use_stacks(40, 0);
  const std::uint32_t goroutines = rt0::allg_count();
  rt0::p* pp = rt0::getm()->p;
  const auto held = [pp] {
    bool any = false;
    for (const rt0::gfree_list& list : pp->gfree)
      any = any || list.loaded != nullptr || list.previous != nullptr;
    return any;
  };
  CHECK(held());
  rt0::gfpurge(pp);
  CHECK_FALSE(held());
  use_stacks(40, 0);
  CHECK(rt0::allg_count() == goroutines);
}
