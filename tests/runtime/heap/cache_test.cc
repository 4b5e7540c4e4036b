// The heap's caches under the scheduler: blocks that are made on one P and freed on another, while Ps come
// and go; and everybody who has no P's cache. RT0_SEED repeats the random part.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <rt/go.h>
#include <signal.h>

#include <latch>
#include <memory>
#include <thread>

#include "rt0/arch.h"
#include "runtime/mem/cache.h"
#include "runtime/sched/machine.h"
#include "runtime/sched/syscall.h"
#include "tests/runtime/heap_stress.h"
#include "tests/runtime/seed.h"

using namespace rt0;

namespace {

constexpr int workers = 12;
constexpr long steps = 3000;

// Blocks in P's lists, over all Ps. Exact only while nobody else runs.
std::size_t cached_blocks() {
  std::size_t n = 0;
  for (int i = 0; i < sched.fresh_p.load(); i++) {
    for (const class_cache& c : mcaches[i].of) {
      for (const free_block* b = c.loaded; b != nullptr; b = b->next) n++;
      for (const free_block* b = c.previous; b != nullptr; b = b->next) n++;
    }
  }
  return n;
}

// The lists are as cache.h says.
void check_lists(const heap_cache& cache) {
  for (unsigned cls = 0; cls < class_count; cls++) {
    const class_cache& c = cache.of[cls];
    std::uint32_t loaded = 0, previous = 0;
    for (const free_block* b = c.loaded; b != nullptr; b = b->next, loaded++) REQUIRE(b->is_sealed());
    for (const free_block* b = c.previous; b != nullptr; b = b->next, previous++) REQUIRE(b->is_sealed());
    const std::uint32_t batch = size_classes[cls].batch;
    REQUIRE((previous == 0 || previous == batch));
    REQUIRE((loaded + c.room == batch || (loaded == 0 && c.room == 0)));
  }
}

struct pause_world {  // no preemption, no other P: what the lists hold stays
  int before = rt::gomaxprocs(1);
  ~pause_world() { rt::gomaxprocs(before); }
};

}  // namespace

TEST_CASE("cross-P stress while the number of Ps changes") {
  const std::uint64_t seed = test_seed();
  shared_board board;
  const int most = rt::gomaxprocs();
  std::atomic<int> running{workers};
  std::vector<std::thread> threads;
  for (int id = 0; id < workers; id++) {
    threads.emplace_back([&, id] {
      stress_worker worker(board, seed + static_cast<unsigned>(id));
      worker.run(steps);
      running--;
    });
  }
  std::mt19937_64 random(seed);
  while (running != 0) {
    rt::gomaxprocs(1 + static_cast<int>(random() % static_cast<unsigned>(most)));
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  for (std::thread& t : threads) t.join();
  for (owned& o : board.blocks) {
    CHECK((o.at == nullptr || o.intact()));
    put(o.at);
  }
  CHECK(board.failures == 0);
  {
    const pause_world hold;
    for (int i = 0; i < sched.fresh_p.load(); i++) check_lists(mcaches[i]);
  }
  rt::gomaxprocs(most);
}

TEST_CASE("a P that ends leaves nothing behind") {
  const int most = rt::gomaxprocs(8);
  std::vector<std::thread> threads;
  for (int id = 0; id < 16; id++) {
    threads.emplace_back([] {
      std::vector<void*> blocks;
      for (int i = 0; i < 500; i++) {
        blocks.push_back(get(static_cast<std::size_t>(i)));
        if (i % 10 == 0) std::this_thread::yield();
      }
      for (void* p : blocks) put(p);
    });
  }
  for (std::thread& t : threads) t.join();
  rt::gomaxprocs(1);
  for (int i = 1; i < sched.fresh_p.load(); i++) {
    for (const class_cache& c : mcaches[i].of) CHECK((c.loaded == nullptr && c.previous == nullptr));
  }
  rt::gomaxprocs(most);
}

TEST_CASE("10,000 goroutines that allocated and freed keep nothing each") {
  constexpr int count = 10'000;
  std::latch up{count}, stop{1}, ended{count};
  put(get(100));
  const std::size_t before = heap_bytes();
  for (int i = 0; i < count; i++) {
    rt::go([&] {
      for (std::size_t n : {16ul, 100ul, 1000ul, 5000ul}) put(get(n));
      up.count_down();
      stop.wait();
      ended.count_down();
    });
  }
  up.wait();
  const std::size_t cached = cached_blocks();
  CHECK(heap_bytes() <= before + 2 * chunk_bytes);
  CHECK(cached <= std::size_t(rt::gomaxprocs()) * class_count * 2 * max_batch);
  stop.count_down();
  ended.wait();
}

TEST_CASE("an M without a P has no cache, and allocates") {
  const bool gave = entersyscall();
  REQUIRE(gave);
  const bool none = getmcache() == nullptr;
  auto* p = static_cast<unsigned char*>(get(64));
  void* large = get(3 * MiB);
  p[63] = 1;
  put(p);
  void* again = get(64);
  put(large);
  exitsyscall();
  CHECK(none);
  CHECK(getmcache() == getm()->mcache);
  CHECK(getmcache() != nullptr);
  put(again);
}

namespace {

void* volatile from_handler;
volatile bool handler_had_cache = true;

void allocate_in_handler(int) {
  handler_had_cache = getmcache() != nullptr;
  put(from_handler);
  from_handler = get(80);
}

}  // namespace

TEST_CASE("a signal handler allocates, from and for the goroutines") {
  struct sigaction action {};
  action.sa_handler = allocate_in_handler;
  REQUIRE(sigaction(SIGUSR1, &action, nullptr) == 0);
  for (int i = 0; i < 100; i++) {
    void* p = get(80);
    raise(SIGUSR1);
    CHECK(from_handler != p);
    put(from_handler);  // made in the centre, freed here
    from_handler = p;   // and the other way round
  }
  put(from_handler);
  signal(SIGUSR1, SIG_DFL);
}

TEST_CASE("blocks come back in the order in which they were freed, the last first") {
  void* a = get(48);
  void* b = get(48);
  put(a);
  put(b);
  void* first = get(48);
  void* second = get(48);
  if (rt::gomaxprocs() == 1) {
    CHECK(first == b);
    CHECK(second == a);
  }
  put(first);
  put(second);
}
