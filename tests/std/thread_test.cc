// std::thread itself: create, join, detach, ids, names, arguments, errors. Memory over many threads:
// thread_churn_test.cc.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <pthread.h>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

TEST_CASE("join: the thread has run and its writes are seen") {
  int value = 0;
  std::thread t([&] { value = 42; });
  CHECK(t.joinable());
  t.join();
  CHECK_FALSE(t.joinable());
  CHECK(value == 42);
}

namespace {
struct counter {
  int n = 0;
  void add(int k) { n += k; }
};
}  // namespace

TEST_CASE("arguments are copied, moved, passed by reference, or the object of a member function") {
  int by_ref = 0;
  std::string kept = "kept", got;
  auto only_movable = std::make_unique<int>(7);
  std::thread a(
      [](int& r, std::string s, std::unique_ptr<int> p, std::string& out) {
        r = *p;
        s += "!";
        out = s;
      },
      std::ref(by_ref), kept, std::move(only_movable), std::ref(got));
  a.join();
  CHECK(by_ref == 7);
  CHECK(kept == "kept");
  CHECK(got == "kept!");
  counter c;
  std::thread(&counter::add, &c, 5).join();
  CHECK(c.n == 5);
}

TEST_CASE("ids differ between living threads, follow a move, and equal get_id inside") {
  constexpr int n = 50;
  std::vector<std::thread::id> inside(n);
  std::vector<std::thread> ts;
  std::promise<void> gate;
  std::shared_future<void> opened = gate.get_future().share();
  for (int i = 0; i < n; ++i)
    ts.emplace_back([&inside, opened, i] {
      inside[i] = std::this_thread::get_id();
      opened.wait();
    });
  std::set<std::thread::id> ids{std::this_thread::get_id()};
  for (std::thread& t : ts) ids.insert(t.get_id());
  CHECK(ids.size() == n + 1);
  CHECK(ids.count(std::thread::id{}) == 0);
  gate.set_value();
  for (int i = 0; i < n; ++i) {
    const std::thread::id id = ts[i].get_id();
    std::thread moved = std::move(ts[i]);
    CHECK(moved.get_id() == id);
    CHECK(ts[i].get_id() == std::thread::id{});
    moved.join();
    CHECK(inside[i] == id);
  }
}

TEST_CASE("native_handle is the pthread_self of the thread") {
  pthread_t self{};
  std::promise<void> go;
  std::thread t([&, f = go.get_future()] {
    self = pthread_self();
    f.wait();
  });
  const pthread_t handle = t.native_handle();
  go.set_value();
  t.join();
  CHECK(pthread_equal(self, handle));
  CHECK_FALSE(pthread_equal(self, pthread_self()));
}

TEST_CASE("a detached thread runs on") {
  std::promise<int> p;
  std::future<int> f = p.get_future();
  std::thread t([p = std::move(p)]() mutable { p.set_value_at_thread_exit(3); });
  t.detach();
  CHECK_FALSE(t.joinable());
  CHECK(f.get() == 3);
}

TEST_CASE("errors: join of nothing, of oneself, detach of nothing") {
  std::thread none;
  CHECK_THROWS_AS(none.join(), std::system_error);
  CHECK_THROWS_AS(none.detach(), std::system_error);
  std::error_code code;
  std::promise<void> ready;
  std::thread t;
  t = std::thread([&, f = ready.get_future()] {
    f.wait();  // t is assigned
    try {
      t.join();
    } catch (const std::system_error& e) {
      code = e.code();
    }
  });
  ready.set_value();
  t.join();
  CHECK(code == std::errc::resource_deadlock_would_occur);
}

TEST_CASE("hardware_concurrency is known") { CHECK(std::thread::hardware_concurrency() >= 1); }

TEST_CASE("names: 15 bytes fit, 16 do not, each thread has its own") {
  std::string inside;
  std::thread t([&] {
    CHECK(pthread_setname_np(pthread_self(), "fifteen-bytes-x") == 0);
    std::this_thread::yield();
    char name[16] = {};
    CHECK(pthread_getname_np(pthread_self(), name, sizeof name) == 0);
    inside = name;
  });
  t.join();
  CHECK(inside == "fifteen-bytes-x");
  CHECK(pthread_setname_np(pthread_self(), "sixteen-bytes-xy") == ERANGE);
  char mine[16] = {};
  CHECK(pthread_getname_np(pthread_self(), mine, sizeof mine) == 0);
  CHECK(std::string(mine) != "fifteen-bytes-x");
  char narrow[2];
  CHECK(pthread_getname_np(pthread_self(), narrow, sizeof narrow) == ERANGE);
}

TEST_CASE("a thousand threads alive at once") {
  constexpr int n = 1000;
  std::atomic<int> arrived{0};
  std::promise<void> gate;
  std::shared_future<void> opened = gate.get_future().share();
  std::vector<std::thread> ts;
  for (int i = 0; i < n; ++i)
    ts.emplace_back([&arrived, opened] {
      ++arrived;
      opened.wait();
    });
  while (arrived != n) std::this_thread::yield();
  gate.set_value();
  for (std::thread& t : ts) t.join();
  CHECK(arrived == n);
}

namespace {
int tree(int depth) {
  if (depth == 0) return 1;
  int left = 0, right = 0;
  std::thread l([&] { left = tree(depth - 1); });
  std::thread r([&] { right = tree(depth - 1); });
  l.join();
  r.join();
  return left + right;
}
}  // namespace

TEST_CASE("threads create threads and join them") { CHECK(tree(7) == 128); }

TEST_CASE("yield lets every other runnable thread run") {
  std::atomic<int> turn{0};
  std::vector<std::thread> ts;
  for (int i = 0; i < 10; ++i)
    ts.emplace_back([&turn, i] {
      while (turn.load() != i) std::this_thread::yield();
      ++turn;
    });
  for (std::thread& t : ts) t.join();
  CHECK(turn == 10);
}
