// The heap, hosted: unit tests of runtime/mem/heap.h, and a stress test. RT0_SEED repeats a run;
// RT0_STRESS_STEPS sets its length; --bench prints one line of figures instead.
//
//   g++ -std=c++20 -O2 -g -I. tests/runtime/heap_test.cc runtime/mem/{heap,page_heap,large_table}.cc
//       runtime/lock/mutex.cc runtime/base/{fatal,report}.cc sys/{mem,futex,process,fd}.cc
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "runtime/mem/chunk.h"
#include "runtime/mem/heap.h"
#include "runtime/mem/size_class.h"
#include "tests/runtime/fake_m.h"
#include "tests/runtime/heap_stress.h"

using namespace rt0;

namespace {

constexpr int heap_locks = class_count + 3;  // exchanges, central, large, check

std::uint64_t seed() {
  static const std::uint64_t value = [] {
    const char* given = std::getenv("RT0_SEED");
    const std::uint64_t s = given != nullptr ? std::strtoull(given, nullptr, 0) : std::random_device{}();
    std::printf("RT0_SEED=%llu\n", static_cast<unsigned long long>(s));
    return s;
  }();
  return value;
}

// What the child wrote to fd 2, and its exit status: a fatal error ends only the child.
struct outcome {
  std::string text;
  int status;
};
template <class F>
outcome in_child(F f) {
  int fds[2];
  REQUIRE(pipe(fds) == 0);
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    dup2(fds[1], 2);
    fake_m m;
    f();
    _exit(0);
  }
  close(fds[1]);
  outcome got{};
  char buffer[256];
  for (ssize_t n; (n = read(fds[0], buffer, sizeof buffer)) > 0;) got.text.append(buffer, std::size_t(n));
  close(fds[0]);
  int status;
  waitpid(child, &status, 0);
  got.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return got;
}
template <class F>
void dies_saying(const char* text, F f) {
  const outcome got = in_child(f);
  CHECK(got.status == 2);
  CHECK(got.text.find(text) != std::string::npos);
}

}  // namespace

TEST_CASE("size classes: 40, at most 25 % over the request") {
  std::size_t pages = 0;
  for (const size_class& row : size_classes) pages += row.pages;
  CHECK(pages * 4096 < 1700 * KiB);  // heap.cc: what empty spans may keep
  for (std::size_t n = 1; n <= small_limit_bytes; n++) {
    const std::size_t got = size_classes[class_of(n)].bytes;
    REQUIRE(got >= n);
    REQUIRE(got - n < (n <= 128 ? 16 : n / 4 + 1));
  }
}

TEST_CASE("every size: aligned, usable, disjoint from its neighbour") {
  std::vector<std::size_t> sizes;
  for (std::size_t n = 0; n < 3000; n++) sizes.push_back(n);
  for (std::size_t n = 3000; n < 3 * MiB; n += n / 7) sizes.push_back(n);
  for (std::size_t n : sizes) {
    auto* a = static_cast<unsigned char*>(heap_alloc(n));
    auto* b = static_cast<unsigned char*>(heap_alloc(n));
    REQUIRE(a != nullptr);
    REQUIRE(b != nullptr);
    REQUIRE(a != b);
    REQUIRE(aligned_to(a, 16));
    const std::size_t usable = heap_usable_bytes(a);
    REQUIRE(usable >= n);
    std::memset(a, 1, usable);
    std::memset(b, 2, heap_usable_bytes(b));
    REQUIRE(a[0] == 1);
    REQUIRE(a[usable - 1] == 1);
    heap_free(a);
    heap_free(b);
  }
}

TEST_CASE("limits: PTRDIFF_MAX is refused, the nearly impossible too") {
  CHECK(heap_alloc(SIZE_MAX) == nullptr);
  CHECK(heap_alloc(std::size_t{PTRDIFF_MAX} + 1) == nullptr);
  CHECK(heap_alloc(PTRDIFF_MAX) == nullptr);
  CHECK(heap_alloc_zeroed(SIZE_MAX - 4095) == nullptr);
  CHECK(heap_alloc_aligned(PTRDIFF_MAX - 5, 64) == nullptr);
  CHECK(heap_alloc_aligned(8, std::size_t{1} << 63) == nullptr);
  CHECK(heap_alloc_aligned(8, std::size_t{1} << 62) == nullptr);
  void* p = heap_alloc(100);
  CHECK(heap_realloc(p, SIZE_MAX) == nullptr);
  CHECK(heap_usable_bytes(p) == 112);
  heap_free(p);
  heap_free(nullptr);
  CHECK(heap_usable_bytes(nullptr) == 0);
}

TEST_CASE("aligned: every power of two to 64 MiB, all sizes") {
  for (std::size_t align = 1; align <= 64 * MiB; align *= 2) {
    for (std::size_t n :
         {0ul, 1ul, align - 1, align, align + 1, 100ul, 5000ul, 33 * KiB, 900 * KiB, 2 * MiB}) {
      auto* p = static_cast<unsigned char*>(heap_alloc_aligned(n, align));
      REQUIRE(p != nullptr);
      REQUIRE(aligned_to(p, align));
      REQUIRE(heap_usable_bytes(p) >= n);
      if (n != 0) p[0] = p[n - 1] = 1;
      heap_free(p);
    }
  }
}

TEST_CASE("zeroed: also when the memory was used before") {
  for (int round = 0; round < 3; round++) {
    for (std::size_t n : {1ul, 16ul, 100ul, 4096ul, 30000ul, 33000ul, 300 * KiB, MiB, 3 * MiB}) {
      std::vector<unsigned char*> blocks;
      for (int i = 0; i < 20; i++) {
        auto* p = static_cast<unsigned char*>(heap_alloc_zeroed(n));
        REQUIRE(p != nullptr);
        for (std::size_t at = 0; at < n; at++) {
          if (p[at] != 0) FAIL("not zero");
        }
        std::memset(p, 0xa5, heap_usable_bytes(p));
        blocks.push_back(p);
      }
      for (unsigned char* p : blocks) heap_free(p);
    }
  }
}

TEST_CASE("zeroed fresh pages are not touched") {
  auto faults = [] {
    rusage use;
    getrusage(RUSAGE_SELF, &use);
    return use.ru_minflt;
  };
  const long before = faults();
  void* large = heap_alloc_zeroed(64 * MiB);
  const long after = faults();
  CHECK(after - before < 20);
  heap_free(large);
}

TEST_CASE("realloc: contents stay, in place where it fits") {
  owned o{static_cast<unsigned char*>(heap_alloc(1)), 1, seed()};
  o.fill();
  for (std::size_t n : {2ul, 16ul, 17ul, 200ul, 5000ul, 40000ul, 90000ul, MiB, MiB + 1, 9 * MiB, 70 * MiB,
                        2 * MiB, MiB, 50000ul, 3000ul, 40ul, 1ul}) {
    const std::size_t common = n < o.bytes ? n : o.bytes;
    o.at = static_cast<unsigned char*>(heap_realloc(o.at, n));
    REQUIRE(o.at != nullptr);
    for (std::size_t i = 0; i < common; i++) {
      if (o.at[i] != o.byte(i)) FAIL("realloc lost contents");
    }
    o.bytes = n;
    for (std::size_t i = 0; i < n; i++) o.at[i] = o.byte(i);
  }
  heap_free(o.at);

  void* small = heap_alloc(100);
  CHECK(heap_realloc(small, 112) == small);
  CHECK(heap_realloc(small, 60) == small);
  heap_free(small);
  void* medium = heap_alloc(100 * KiB);
  CHECK(heap_realloc(medium, 50 * KiB) == medium);
  CHECK(heap_usable_bytes(medium) == 52 * KiB);
  CHECK(heap_realloc(medium, 90 * KiB) == medium);  // over the pages just given back
  heap_free(medium);
  void* large = heap_alloc(32 * MiB);
  CHECK(heap_realloc(large, 8 * MiB) == large);
  heap_free(large);
}

TEST_CASE("large realloc moves pages, not bytes") {
  auto* p = static_cast<unsigned char*>(heap_alloc(256 * MiB));
  REQUIRE(p != nullptr);
  p[0] = 7;
  rusage before, after;
  getrusage(RUSAGE_SELF, &before);
  for (std::size_t n = 257; n < 280; n++) {
    p = static_cast<unsigned char*>(heap_realloc(p, n * MiB));
    REQUIRE(p != nullptr);
  }
  getrusage(RUSAGE_SELF, &after);
  CHECK(p[0] == 7);
  CHECK(after.ru_minflt - before.ru_minflt < 100);
  heap_free(p);
}

TEST_CASE("10,000 cycles of each size do not grow, and what is freed goes back") {
  for (std::size_t n : {8ul, 64ul, 1000ul, 8000ul, 32 * KiB, 40 * KiB, 512 * KiB, MiB}) {
    heap_free(heap_alloc(n));
    const std::size_t mapped = heap_bytes();
    for (int i = 0; i < 10000; i++) heap_free(heap_alloc(n));
    CHECK(heap_bytes() == mapped);
  }
  const std::size_t idle = heap_bytes();
  for (std::size_t n : {64ul, 1000ul, 32 * KiB, 100 * KiB, 2 * MiB}) {
    std::vector<void*> blocks;
    for (std::size_t total = 0; total < 64 * MiB; total += n) blocks.push_back(heap_alloc(n));
    CHECK(heap_bytes() >= 64 * MiB);
    for (void* p : blocks) heap_free(p);
    CHECK(heap_bytes() <= idle + 4 * MiB);  // the spare
  }
}

TEST_CASE("many large blocks: the table grows and forgets") {
  std::vector<void*> blocks;
  for (int i = 0; i < 3000; i++) blocks.push_back(heap_alloc(MiB + 1));
  std::mt19937_64 random(seed());
  for (int round = 0; round < 3000; round++) {
    void*& p = blocks[random() % blocks.size()];
    REQUIRE(heap_usable_bytes(p) == MiB + 4096);
    heap_free(p);
    p = heap_alloc(MiB + 1);
  }
  for (void* p : blocks) heap_free(p);
}

TEST_CASE("wrong addresses and double frees are fatal") {
  static int in_bss;
  int on_stack;
  dies_saying("free(): invalid pointer", [&] { heap_free(&in_bss); });
  dies_saying("free(): invalid pointer", [&] { heap_free(&on_stack); });
  dies_saying("free(): invalid pointer", [] { heap_free(reinterpret_cast<void*>(16)); });
  dies_saying("free(): invalid pointer", [] { heap_free(reinterpret_cast<void*>(~std::uintptr_t{15})); });
  for (std::size_t n : {64ul, 5000ul, 100 * KiB, 2 * MiB}) {
    dies_saying("free(): invalid pointer", [n] { heap_free(static_cast<char*>(heap_alloc(n)) + 16); });
    dies_saying("free():", [n] { heap_free(static_cast<char*>(heap_alloc(n)) + 4096); });  // 64: a free block
    dies_saying("free():", [n] {
      void* p = heap_alloc(n);
      void* kept = heap_alloc(n);
      heap_free(p);
      heap_free(p);
      heap_free(kept);
    });
    dies_saying("invalid pointer", [n] { heap_realloc(static_cast<char*>(heap_alloc(n)) + 16, 10); });
  }
  dies_saying("double free", [] {
    void* p = heap_alloc(64);
    heap_free(p);
    heap_free(p);
  });
  dies_saying("free(): invalid pointer", [] {
    void* p = heap_alloc(64);
    heap_free(reinterpret_cast<char*>(chunk_of(p)) + 64);  // the chunk's own header
  });
}

TEST_CASE("out of memory: nullptr, and the heap lives on") {
  const outcome got = in_child([] {
    const rlimit limit{256 * MiB, 256 * MiB};
    setrlimit(RLIMIT_AS, &limit);
    for (std::size_t n : {100ul, 20 * KiB, 200 * KiB, 5 * MiB}) {
      void* last = nullptr;
      int count = 0;
      for (void* p; (p = heap_alloc(n)) != nullptr; count++) {
        *static_cast<void**>(p) = last;
        last = p;
      }
      if (count == 0) _exit(3);
      if (heap_realloc(last, 300 * MiB) != nullptr) _exit(4);
      for (void* p = last; p != nullptr; p = last) {
        last = *static_cast<void**>(p);
        heap_free(p);
      }
    }
    _exit(0);
  });
  CHECK(got.status == 0);
}

TEST_CASE("fork while others allocate: parent's and child's heaps are whole") {
  std::atomic<bool> done{false};
  shared_board board;
  std::vector<std::thread> others;
  for (unsigned id = 0; id < 3; id++) {
    others.emplace_back([&, id] {
      fake_m m;
      stress_worker worker(board, seed() + 100 + id);
      while (!done) worker.run(1000);
    });
  }
  for (int i = 0; i < 30; i++) {
    void* p = heap_alloc(64);
    heap_fork_prepare();
    const pid_t child = fork();
    if (child == 0) {
      fake_m m;
      m.set_locks(heap_locks);  // held by the one that forked
      heap_fork_child();
      heap_free(p);
      std::mt19937_64 random(static_cast<unsigned>(i));
      for (int n = 0; n < 1000; n++) heap_free(heap_alloc(random_bytes(random)));
      _exit(m.locks());
    }
    heap_fork_parent();
    int status;
    waitpid(child, &status, 0);
    REQUIRE(status == 0);
    heap_free(p);
  }
  done = true;
  for (std::thread& t : others) t.join();
  for (owned& o : board.blocks) heap_free(o.at);
  CHECK(board.failures == 0);
}

TEST_CASE("stress: random alloc, free, realloc, aligned, zeroed on four threads") {
  const char* given = std::getenv("RT0_STRESS_STEPS");
  const long steps = given != nullptr ? std::atol(given) : 200000;
  shared_board board;
  auto work = [&](unsigned id) {
    fake_m m;
    stress_worker worker(board, seed() + id);
    worker.run(steps);
    worker.check(m.locks() == 0);
  };
  std::vector<std::thread> threads;
  for (unsigned id = 0; id < 4; id++) threads.emplace_back(work, id);
  for (std::thread& t : threads) t.join();
  for (owned& o : board.blocks) {
    CHECK((o.at == nullptr || o.intact()));
    heap_free(o.at);
  }
  CHECK(board.failures == 0);
  CHECK(heap_bytes() <= 8 * MiB);
}

namespace {

template <class F>
double ns_each(long count, F f) {
  double best = 1e9;
  for (int round = 0; round < 7; round++) {
    const auto start = std::chrono::steady_clock::now();
    for (long i = 0; i < count; i++) f(i);
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count() / static_cast<double>(count));
  }
  return best;
}

void keep(void* p) { asm volatile("" ::"r"(p) : "memory"); }

template <class Alloc, class Free>
void bench(const char* name, Alloc alloc, Free release) {
  auto pair = [&](std::size_t n) {
    return [=](long) {
      void* p = alloc(n);
      keep(p);
      release(p);
    };
  };
  static void* ring[1024];
  const double churn = ns_each(2000000, [&](long i) {
    void*& p = ring[i * 619 % 1024];
    release(p);
    p = alloc(static_cast<std::size_t>(16 + i * 37 % 500));
  });
  for (void*& p : ring) release(std::exchange(p, nullptr));
  std::printf("%s, ns: pair 64 B %.1f, churn 16-515 B %.1f, pair 8 KiB %.1f, 64 KiB %.1f, 2 MiB %.0f\n", name,
              ns_each(3000000, pair(64)), churn, ns_each(1000000, pair(8 * KiB)),
              ns_each(300000, pair(64 * KiB)), ns_each(20000, pair(2 * MiB)));
}

}  // namespace

int main(int argc, char** argv) {
  fake_m m;
  if (argc > 1 && std::strcmp(argv[1], "--bench") == 0) {
    bench("rt0", heap_alloc, heap_free);
    bench("libc", std::malloc, std::free);
    return 0;
  }
  doctest::Context context(argc, argv);
  const int status = context.run();
  return status != 0 ? status : m.locks() != 0;
}
