// <rt/go.h>: what rt::go does with callables and arguments, and the numbers beside it.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <errno.h>
#include <pthread.h>
#include <rt/go.h>
#include <sys/resource.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <fstream>
#include <functional>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace {

// Lets a goroutine wait for others without giving the scheduler a reason to hurry.
class countdown {
 public:
  explicit countdown(int n) : left_(n) {}
  void done() {
    if (--left_ == 0) left_.notify_all();
  }
  void wait() {
    for (int n = left_; n != 0; n = left_) left_.wait(n);
  }

 private:
  std::atomic<int> left_;
};

void until(std::size_t goroutines) {
  while (rt::num_goroutine() != goroutines) rt::yield();
}

struct tally {
  std::atomic<int> copies{0}, moves{0}, alive{0};
  std::atomic<std::uint64_t> destroyed_on{0};  // goid of the last
};

struct counted {
  explicit counted(tally& t) : t(&t) { ++t.alive; }
  counted(const counted& from) : t(from.t) { ++t->copies, ++t->alive; }
  counted(counted&& from) noexcept : t(from.t) { ++t->moves, ++t->alive; }
  ~counted() {
    t->destroyed_on = rt::goid();
    --t->alive;
  }
  void operator()() const {}
  tally* t;
};

// Throws when it is copied for the nth time, and is not where it was.
struct brittle {
  brittle(tally& t, int* until_throw) : inner(t), until_throw(until_throw) {}
  brittle(const brittle& from) : inner(from.inner), until_throw(from.until_throw) {
    if (--*until_throw == 0) throw std::domain_error("no copy");
  }
  counted inner;
  int* until_throw;
};

TEST_CASE("callable and arguments are copied or moved exactly once") {
  tally f, x, y;
  {
    countdown ran(1);
    counted lvalue(x);
    rt::go([&ran, c = counted(f)](const counted&, const counted&) { ran.done(); }, lvalue, counted(y));
    ran.wait();
    until(1);
    CHECK(x.alive == 1);
  }
  CHECK((f.copies == 0 && f.moves == 1));  // into the closure without a move, with it once
  CHECK((x.copies == 1 && x.moves == 0));
  CHECK((y.copies == 0 && y.moves == 1));
  CHECK((f.alive == 0 && x.alive == 0 && y.alive == 0));
}

TEST_CASE("arguments arrive as rvalues of their decayed types, as std::thread's do") {
  countdown ran(1);
  std::string text = "moved", seen;
  int out = 0;
  rt::go(
      [&](std::string&& s, int& by_reference, const char* decayed) {
        seen = std::move(s) + decayed;
        by_reference = 3;
        ran.done();
      },
      std::move(text), std::ref(out), " decayed");
  ran.wait();
  CHECK(seen == "moved decayed");
  CHECK(out == 3);
}

TEST_CASE("move-only callables and arguments; functions; members") {
  countdown ran(4);
  int sum = 0;
  rt::go([&, p = std::make_unique<int>(1)] { sum += *p, ran.done(); });
  rt::go([&](std::unique_ptr<int> p) { sum += *p, ran.done(); }, std::make_unique<int>(2));
  rt::go(&countdown::done, &ran);
  static countdown* const global = &ran;
  rt::go(+[] { global->done(); });
  ran.wait();
  CHECK(sum == 3);
}

TEST_CASE("the callable dies on its goroutine") {
  tally t;
  countdown ran(1);
  std::uint64_t ran_on = 0;
  rt::go([&, c = counted(t)] { ran_on = rt::goid(), ran.done(); });
  ran.wait();
  until(1);
  CHECK(t.alive == 0);
  CHECK(ran_on > 1);
  CHECK(t.destroyed_on == ran_on);
}

TEST_CASE("an exception while an argument is copied is the caller's and leaves nothing behind") {
  for (int nth = 1; nth <= 3; nth++) {
    tally before, b;
    int left = nth;
    {
      const counted first(before);
      const brittle x(b, &left), y(b, &left), z(b, &left);
      const auto never = [](counted, const brittle&, const brittle&, const brittle&) { std::terminate(); };
      CHECK_THROWS_AS(rt::go(never, first, x, y, z), std::domain_error);
      CHECK(before.alive == 1);
      CHECK(b.alive == 3);
    }
    CHECK((before.alive == 0 && b.alive == 0));
    CHECK(rt::num_goroutine() == 1);
  }
  // Nothing of it is left to run, and its stack serves the next.
  countdown ran(1);
  rt::go([&] { ran.done(); });
  ran.wait();
}

TEST_CASE("a callable of more than a quarter of the stack is refused, one of a quarter is not") {
  const auto of = [](auto bytes, auto f) { return [bytes, f] { (void)bytes, f(); }; };
  countdown ran(2);
  const auto done = [&ran] { ran.done(); };
  rt::go(of(std::array<char, (16 << 10) - 8>{}, done));
  CHECK_THROWS_AS(rt::go(of(std::array<char, 16 << 10>{}, done)), std::length_error);
  const auto takes = [](const std::array<char, 20000>&) {};
  CHECK_THROWS_AS(rt::go(takes, std::array<char, 20000>{}), std::length_error);
  rt::go({.stack_bytes = 1 << 20}, of(std::array<char, 200 << 10>{}, done));
  ran.wait();
  until(1);
}

TEST_CASE("a stack that cannot be is a system_error") {
  try {
    rt::go({.stack_bytes = std::size_t{1} << 50}, [] {});
    FAIL("a petabyte of stack");
  } catch (const std::system_error& e) {
    CHECK(e.code() == std::errc::not_enough_memory);
  }
}

template <std::size_t Align>
struct alignas(Align) aligned {
  std::atomic<bool>* right;
  countdown* ran;
  void operator()() const {
    const volatile auto place = reinterpret_cast<std::uintptr_t>(this);
    *right = place % Align == 0;
    ran->done();
  }
};

TEST_CASE_TEMPLATE("over-aligned callables", T, aligned<1>, aligned<16>, aligned<32>, aligned<64>,
                   aligned<4096>) {
  std::atomic<bool> right{false};
  countdown ran(1);
  rt::go(T{&right, &ran});
  ran.wait();
  CHECK(right);
}

TEST_CASE("the stack is aligned for the first frame whatever the callable's size") {
  std::atomic<int> wrong{0};
  countdown ran(40);
  const auto one = [&]<std::size_t N>(std::array<char, N> bytes) {
    rt::go([&, bytes] {
      alignas(16) volatile char here[16] = {bytes[0]};
      wrong += reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) % 16 != 0;
      wrong += reinterpret_cast<std::uintptr_t>(&here) % 16 != 0;
      ran.done();
    });
  };
  [&]<std::size_t... N>(std::index_sequence<N...>) { (one(std::array<char, N + 1>{}), ...); }
  (std::make_index_sequence<40>{});
  ran.wait();
  CHECK(wrong == 0);
}

TEST_CASE("10,000 goroutines run, each once, each under its own number") {
  constexpr int n = 10'000;
  std::vector<std::uint64_t> id(n);
  countdown ran(n);
  for (int i = 0; i < n; i++) rt::go([&, i] { id[static_cast<std::size_t>(i)] = rt::goid(), ran.done(); });
  ran.wait();
  std::set<std::uint64_t> distinct(id.begin(), id.end());
  CHECK(distinct.size() == n);
  CHECK(!distinct.contains(0));
  CHECK(!distinct.contains(1));
  until(1);
}

TEST_CASE("main is goroutine 1, and a thread is one as well") {
  CHECK(rt::goid() == 1);
  std::uint64_t in_thread = 0;
  std::thread([&] { in_thread = rt::goid(); }).join();
  CHECK(in_thread > 1);
  CHECK(rt::goid() == 1);
}

TEST_CASE("num_goroutine counts who lives: goroutines, threads and main") {
  until(1);
  std::atomic<bool> stop{false};
  countdown up(3);
  const auto wait = [&] { up.done(), stop.wait(false); };
  rt::go(wait);
  rt::go(wait);
  std::thread t(wait);
  up.wait();
  CHECK(rt::num_goroutine() == 4);
  stop = true;
  stop.notify_all();
  t.join();
  until(1);
}

TEST_CASE("a goroutine starts goroutines, as deep as one likes") {
  countdown ran(1000);
  struct {
    countdown& ran;
    void operator()(int n) const {
      if (n > 1) rt::go(*this, n - 1);
      ran.done();
    }
  } const chain{ran};
  rt::go(chain, 1000);
  ran.wait();
  until(1);
}

std::atomic<int> made{0}, gone{0};
struct local {
  local() { ++made; }
  ~local() { ++gone; }
  int value = 0;
};
thread_local local mine;

TEST_CASE("a thread_local belongs to the goroutine and dies with it") {
  constexpr int n = 100;
  std::atomic<int> wrong{0};
  countdown ran(n);
  for (int i = 0; i < n; i++) {
    rt::go([&] {
      wrong += mine.value++;
      rt::yield();
      wrong += mine.value != 1;
      ran.done();
    });
  }
  ran.wait();
  until(1);
  CHECK(wrong == 0);
  CHECK((made == n && gone == n));
}

TEST_CASE("yield lets another goroutine go on") {
  std::atomic<int> turn{0};
  countdown ran(1);
  rt::go([&] {
    for (int i = 0; i < 100; i++) {
      while (turn % 2 == 0) rt::yield();
      ++turn;
    }
    ran.done();
  });
  for (int i = 0; i < 100; i++) {
    while (turn % 2 == 1) rt::yield();
    ++turn;
  }
  ran.wait();
  CHECK(turn == 200);
}

TEST_CASE("an exception may be thrown and caught inside") {
  countdown ran(2);
  std::string what;
  rt::go([&] {
    try {
      throw std::runtime_error("inside");
    } catch (const std::exception& e) {
      what = e.what();
    }
    ran.done();
  });
  rt::go([&] { ran.done(); });
  ran.wait();
  CHECK(what == "inside");
}

TEST_CASE("options: the name is the goroutine's, cut to 15 characters; the stack is as large as asked for") {
  countdown ran(1);
  char name[16] = "";
  bool deep = false;
  std::string long_name = "sixteen letters.";
  rt::go({.stack_bytes = 1 << 20, .name = long_name.c_str()}, [&] {
    volatile char half[512 << 10];
    for (std::size_t i = 0; i < sizeof half; i += 4096) half[i] = 1;
    deep = half[0] == 1;
    pthread_getname_np(pthread_self(), name, sizeof name);
    ran.done();
  });
  long_name = "gone";
  ran.wait();
  CHECK(deep);
  CHECK(std::string(name) == "sixteen letters");
}

TEST_CASE("a goroutine is no thread to join or detach") {
  countdown ran(1);
  std::atomic<bool> stop{false};
  pthread_t it{};
  rt::go([&] {
    it = pthread_self();
    ran.done();
    stop.wait(false);
  });
  ran.wait();
  CHECK(pthread_join(it, nullptr) == EINVAL);
  CHECK(pthread_detach(it) == EINVAL);
  stop = true;
  stop.notify_all();
  until(1);
}

// Addresses for some dozen MiB more than now.
class tight_address_space {
 public:
  tight_address_space() {
    unsigned long pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    getrlimit(RLIMIT_AS, &before_);
    const rlimit tight{pages * 4096 + (64 << 20), before_.rlim_max};
    setrlimit(RLIMIT_AS, &tight);
  }
  ~tight_address_space() { setrlimit(RLIMIT_AS, &before_); }

 private:
  rlimit before_;
};

TEST_CASE("no room for another stack: the caller hears of it, and the others go on") {
  std::atomic<bool> stop{false};
  std::atomic<int> ended{0};
  int started = 0, error = 0;
  {
    const tight_address_space tight;
    try {
      for (; started < 10'000; started++) {
        // Larger than any stack that earlier cases left behind.
        rt::go({.stack_bytes = 4 << 20}, [&] { stop.wait(false), ++ended; });
      }
    } catch (const std::system_error& e) {
      error = e.code().value();
    }
  }
  CHECK(error == ENOMEM);
  CHECK((started > 0 && started < 10'000));
  CHECK(rt::num_goroutine() == static_cast<std::size_t>(started) + 1);
  stop = true;
  stop.notify_all();
  until(1);
  CHECK(ended == started);
}

TEST_CASE("the numbers of the machine") {
  CHECK(rt::num_cpu() >= 1);
  CHECK(rt::gomaxprocs() >= 1);
  CHECK(rt::gomaxprocs(0) == rt::gomaxprocs());
}

}  // namespace
