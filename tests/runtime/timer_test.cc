// The timer queue against a sorted list: random adds, removals and runs; order among equals; no timer twice.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <map>
#include <random>
#include <vector>

#include "runtime/timer/timer.h"
#include "tests/runtime/seed.h"

namespace {

std::vector<std::uint64_t> fired;

void record(rt0::timer*, std::uint64_t tag) { fired.push_back(tag); }

}  // namespace

TEST_CASE("timers fire in the order of their deadlines, equal ones as they came") {
  rt0::timers heap;
  std::vector<rt0::timer> t(6);
  const std::int64_t when[] = {30, 10, 20, 10, 30, 10};
  for (std::size_t i = 0; i < t.size(); i++) {
    t[i].when_ns = when[i];
    t[i].fire = record;
    t[i].tag = i;
    heap.add(t[i]);
  }
  fired.clear();
  CHECK(heap.next_when() == 10);
  CHECK(heap.run(9) == 0);
  CHECK(heap.run(10) == 3);
  CHECK(fired == std::vector<std::uint64_t>{1, 3, 5});
  CHECK(heap.remove(t[4]));
  CHECK_FALSE(heap.remove(t[4]));
  CHECK_FALSE(heap.remove(t[1]));
  CHECK(heap.run(100) == 2);
  CHECK(fired == std::vector<std::uint64_t>{1, 3, 5, 2, 0});
  CHECK(heap.next_when() == rt0::no_timer);
}

TEST_CASE("random operations agree with a sorted list") {
  std::mt19937_64 random(test_seed());
  rt0::timers heap;
  std::vector<rt0::timer> pool(500);
  std::map<std::pair<std::int64_t, std::uint64_t>, std::size_t> model;  // (when, order of adding) -> timer
  std::vector<std::pair<std::int64_t, std::uint64_t>> key(pool.size());
  std::uint64_t added = 0;
  std::int64_t now = 0;
  for (int step = 0; step < 200'000; step++) {
    const std::size_t i = random() % pool.size();
    if (random() % 10 == 0) {
      now += static_cast<std::int64_t>(random() % 50);
      fired.clear();
      std::vector<std::uint64_t> expected;
      while (!model.empty() && model.begin()->first.first <= now) {
        expected.push_back(model.begin()->second);
        model.erase(model.begin());
      }
      REQUIRE(heap.run(now) == static_cast<int>(expected.size()));
      REQUIRE(fired == expected);
    } else if (pool[i].heap.load() == nullptr) {
      // Of a few durations, which make runs, or of any.
      const std::uint64_t duration = random() % 2 == 0 ? 100 * (random() % 6) : random() % 1000;
      pool[i].when_ns = now + static_cast<std::int64_t>(duration);
      pool[i].fire = record;
      pool[i].tag = i;
      key[i] = {pool[i].when_ns, added++};
      model[key[i]] = i;
      heap.add(pool[i]);
    } else {
      REQUIRE(heap.remove(pool[i]));
      REQUIRE(model.erase(key[i]) == 1);
    }
    REQUIRE(heap.next_when() == (model.empty() ? rt0::no_timer : model.begin()->first.first));
  }
}
