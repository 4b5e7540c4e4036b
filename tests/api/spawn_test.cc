// rt::spawn and rt::task, rt::goexit, rt::os_thread_lock, rt::blocking.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <pthread.h>
#include <rt/chan.h>
#include <rt/go.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using rt::chan;

void until(std::size_t goroutines) {
  while (rt::num_goroutine() != goroutines) rt::yield();
}

struct counted {
  static inline std::atomic<int> alive{0};
  counted() { ++alive; }
  counted(const counted&) { ++alive; }
  counted(counted&&) noexcept { ++alive; }
  ~counted() { --alive; }
};

TEST_CASE("get: values, void, references, move-only results") {
  CHECK(rt::spawn([] { return 42; }).get() == 42);
  rt::spawn([] {}).get();
  static int there = 0;
  CHECK(&rt::spawn([]() -> int& { return there; }).get() == &there);
  int&& moved = rt::spawn([]() -> int&& { return std::move(there); }).get();
  CHECK(&moved == &there);
  CHECK(*rt::spawn([] { return std::make_unique<int>(3); }).get() == 3);
  CHECK(rt::spawn([p = std::make_unique<int>(4)] { return *p; }).get() == 4);
  const std::string long_one = rt::spawn([] { return std::string(1000, 'x'); }).get();
  CHECK(long_one.size() == 1000);
  until(1);
}

TEST_CASE("get rethrows; join does not, and get may follow it") {
  auto thrower = rt::spawn([]() -> int { throw std::domain_error("inside"); });
  CHECK_THROWS_WITH_AS(thrower.get(), "inside", std::domain_error);
  CHECK_FALSE(thrower.joinable());
  auto joined = rt::spawn([]() -> int { throw std::domain_error("inside"); });
  joined.join();
  CHECK_FALSE(joined.joinable());
  CHECK_THROWS_AS(joined.join(), std::system_error);
  CHECK_THROWS_AS(joined.get(), std::domain_error);
  CHECK_THROWS_AS(joined.get(), std::system_error);
  rt::task<int> none;
  CHECK_THROWS_AS(none.join(), std::system_error);
  CHECK_THROWS_AS(none.detach(), std::system_error);
  until(1);
}

TEST_CASE("a detached task's result is destroyed, whoever is later") {
  for (int i = 0; i < 500; i++) {
    rt::chan<int> go_on(0);
    {
      rt::task<counted> t = rt::spawn([=, captured = counted()] {
        (void)go_on.recv();
        return counted();
      });
      if (i % 3 == 0) t.detach();
      if (i % 3 == 1) go_on.close();
      if (i % 2 == 0) rt::yield();
    }
    if (i % 3 != 1) go_on.close();
  }
  until(1);
  CHECK(counted::alive == 0);
}

TEST_CASE("moved handles") {
  rt::task<int> a = rt::spawn([] { return 1; }), b = rt::spawn([] { return 2; });
  std::swap(a, b);
  CHECK((a.get() == 2 && b.get() == 1));
  a = rt::spawn([] { return 3; });
  a = rt::spawn([] { return 4; });
  CHECK(a.get() == 4);
  until(1);
}

TEST_CASE("a task that waits for itself") {
  rt::chan<rt::task<int>> c(0);
  rt::task<int> t = rt::spawn([=] {
    rt::task<int> self = *c.recv();
    try {
      self.join();
    } catch (const std::system_error& e) {
      CHECK(e.code().value() == EDEADLK);
      return 1;
    }
    return 0;
  });
  c.send(std::move(t));
  until(1);
}

TEST_CASE("ten thousand tasks, joined by others") {
  std::vector<rt::task<int>> tasks;
  for (int i = 0; i < 10'000; i++) tasks.push_back(rt::spawn([i] { return i; }));
  long sum = 0;
  for (auto& t : tasks) sum += t.get();
  CHECK(sum == 49'995'000);
  until(1);
}

TEST_CASE("a callable with its result that exceeds a quarter of the stack") {
  CHECK_THROWS_AS(rt::spawn([] { return std::array<char, 20'000>{}; }), std::length_error);
  CHECK(rt::spawn([] { return std::array<char, 10'000>{}; }).get()[0] == 0);
}

// --- goexit

TEST_CASE("goexit runs destructors, thread_local ones too, and a task knows") {
  static std::atomic<bool> ended{false};
  struct at_end {
    ~at_end() { ended = true; }
  };
  std::atomic<bool> seen{false}, after{false};
  auto t = rt::spawn([&]() -> int {
    static thread_local at_end end;
    (void)&end;
    counted outer;
    try {
      counted inner;
      rt::goexit();
    } catch (...) {
      seen = true;
      throw;
    }
    after = true;
    return 1;
  });
  t.join();
  CHECK((seen && !after && ended && counted::alive == 0));
  CHECK_THROWS_WITH_AS(t.get(), "rt::task: its goroutine ended without a result", std::runtime_error);
  rt::go([c = counted()] { rt::goexit(); });
  until(1);
  CHECK(counted::alive == 0);
}

TEST_CASE("goexit of a std::thread is pthread_exit") {
  std::thread t([] {
    counted c;
    rt::goexit();
  });
  t.join();
  CHECK(counted::alive == 0);
}

// --- the kernel thread

TEST_CASE("a cancelled thread leaves a join") {
  static std::atomic<bool> unwound{false};
  const chan<int> go_on(0);
  struct joins {
    const chan<int>& go_on;
    static void* run(void* self) {
      struct mark {
        ~mark() { unwound = true; }
      } const on_leaving;
      auto t = rt::spawn([c = static_cast<joins*>(self)->go_on] { (void)c.recv(); });
      t.join();
      return nullptr;
    }
  } it{go_on};
  pthread_t thread;
  REQUIRE(pthread_create(&thread, nullptr, joins::run, &it) == 0);
  pthread_cancel(thread);
  void* result = nullptr;
  REQUIRE(pthread_join(thread, &result) == 0);
  CHECK((result == PTHREAD_CANCELED && unwound));
  go_on.close();
  until(1);
}

TEST_CASE("in a fork's child a task that did not come along has ended") {
  const chan<int> go_on(0);
  auto t = rt::spawn([go_on] { return go_on.recv().has_value(); });
  rt::yield();
  const pid_t child = fork();
  if (child == 0) {
    t.join();
    _exit(7);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 7));
  go_on.close();
  CHECK_FALSE(t.get());
}

TEST_CASE("a locked goroutine stays on its kernel thread, which runs nobody else") {
  std::atomic<bool> stop{false};
  std::atomic<pid_t> mine{0};
  std::atomic<int> trespassed{0};
  for (int k = 0; k < 4; k++) {
    rt::go([&] {
      while (!stop) {
        if (gettid() == mine) ++trespassed;
        rt::yield();
      }
    });
  }
  auto t = rt::spawn([&] {
    const rt::os_thread_lock outer;
    {
      const rt::os_thread_lock inner;
      mine = gettid();
    }
    for (int i = 0; i < 200; i++) {
      i % 10 == 0 ? std::this_thread::sleep_for(100us) : rt::yield();
      if (gettid() != mine) return false;
    }
    mine = 0;
    return true;
  });
  CHECK(t.get());
  stop = true;
  until(1);
  CHECK(trespassed == 0);
  rt::unlock_os_thread();  // not locked: nothing
}

// --- blocking

TEST_CASE("blocking: others run meanwhile, on the only P too") {
  std::atomic<bool> ran{false};
  rt::go([&] { ran = true; });
  const int n = rt::blocking([&] {
    while (!ran) usleep(0), sched_yield();  // each takes a P and gives it away
    return 5;
  });
  CHECK(n == 5);
  // A raw wait that no scheduler sees.
  std::atomic<int> turns{0};
  rt::go([&] {
    for (int i = 0; i < 100; i++, ++turns) rt::yield();
  });
  rt::blocking([&] {
    while (turns < 100) asm volatile("pause");
  });
  until(1);
}

TEST_CASE("blocking: the code inside may do everything") {
  std::mutex mutex;
  const rt::chan<int> c(0);
  for (int round = 0; round < 50; round++) {
    auto helper = rt::spawn([&] {
      const std::lock_guard hold(mutex);
      for (int i = 0; i < 5; i++) rt::yield();
    });
    rt::go([=] { c.send(7); });
    const int got = rt::blocking([&] {
      std::vector<std::string> memory(100, std::string(100, 'x'));
      const std::lock_guard hold(mutex);
      rt::task<int> t = rt::spawn([] { return 1; });
      std::thread other([] { std::this_thread::sleep_for(10us); });
      std::this_thread::sleep_for(10us);
      other.join();
      (void)rt::gomaxprocs();
      return rt::blocking([&] { return t.get() + *c.recv(); });
    });
    CHECK(got == 8);
    helper.join();
  }
  CHECK_THROWS_AS(rt::blocking([] { throw std::domain_error("through"); }), std::domain_error);
  rt::go([] { rt::blocking([] { rt::goexit(); }); });
  until(1);
}

}  // namespace
