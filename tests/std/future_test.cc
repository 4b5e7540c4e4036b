// promise, future, shared_future, packaged_task, async: values, exceptions, timeouts, broken promises.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {
std::future_errc code_of(auto f) {
  try {
    f();
  } catch (const std::future_error& e) {
    return static_cast<std::future_errc>(e.code().value());
  }
  return std::future_errc{};
}
}  // namespace

TEST_CASE("a value, a reference, nothing, a move-only value through a promise") {
  std::promise<std::string> value;
  std::promise<int&> ref;
  std::promise<void> nothing;
  std::promise<std::unique_ptr<int>> movable;
  int target = 0;
  std::thread t([&] {
    value.set_value("hello");
    ref.set_value(target);
    movable.set_value(std::make_unique<int>(4));
    nothing.set_value();
  });
  CHECK(value.get_future().get() == "hello");
  CHECK(&ref.get_future().get() == &target);
  nothing.get_future().get();
  CHECK(*movable.get_future().get() == 4);
  t.join();
}

TEST_CASE("an exception through a promise, seen by every copy of a shared_future") {
  std::promise<int> p;
  std::shared_future<int> f = p.get_future().share();
  std::vector<std::string> seen(5);
  std::vector<std::thread> ts;
  for (std::string& s : seen)
    ts.emplace_back([f, &s] {
      try {
        f.get();
      } catch (const std::runtime_error& e) {
        s = e.what();
      }
    });
  try {
    throw std::runtime_error("from main");
  } catch (...) {
    p.set_exception(std::current_exception());
  }
  for (std::thread& t : ts) t.join();
  for (const std::string& s : seen) CHECK(s == "from main");
}

TEST_CASE("wait_for and wait_until: timeout, ready, deferred") {
  std::promise<int> p;
  std::future<int> f = p.get_future();
  const auto start = std::chrono::steady_clock::now();
  CHECK(f.wait_for(30ms) == std::future_status::timeout);
  CHECK(std::chrono::steady_clock::now() - start >= 30ms);
  CHECK(f.wait_for(0s) == std::future_status::timeout);
  CHECK(f.wait_until(std::chrono::system_clock::now() + 10ms) == std::future_status::timeout);
  std::thread t([&] {
    std::this_thread::sleep_for(10ms);
    p.set_value(1);
  });
  CHECK(f.wait_for(60s) == std::future_status::ready);
  CHECK(f.get() == 1);
  t.join();
  std::future<int> lazy = std::async(std::launch::deferred, [] { return 2; });
  CHECK(lazy.wait_for(0s) == std::future_status::deferred);
  CHECK(lazy.get() == 2);
}

TEST_CASE("errors: broken promise, second value, second future, no state") {
  std::future<int> f;
  {
    std::promise<int> p;
    f = p.get_future();
    CHECK(code_of([&] { p.get_future(); }) == std::future_errc::future_already_retrieved);
  }
  CHECK(code_of([&] { f.get(); }) == std::future_errc::broken_promise);
  std::promise<int> twice;
  twice.set_value(1);
  CHECK(code_of([&] { twice.set_value(2); }) == std::future_errc::promise_already_satisfied);
  std::promise<int> empty(std::move(twice));
  CHECK(code_of([&] { twice.set_value(2); }) == std::future_errc::no_state);
}

TEST_CASE("async: another thread, its value, its exception; the future's destructor waits") {
  const auto here = std::this_thread::get_id();
  CHECK(std::async(std::launch::async, [] { return std::this_thread::get_id(); }).get() != here);
  auto fails = std::async(std::launch::async, []() -> int { throw std::out_of_range("far"); });
  CHECK_THROWS_AS(fails.get(), std::out_of_range);
  bool done = false;
  {
    auto f = std::async(std::launch::async, [&] {
      std::this_thread::sleep_for(20ms);
      done = true;
    });
  }
  CHECK(done);
}

TEST_CASE("many asyncs at once") {
  std::vector<std::future<long>> fs;
  for (long i = 0; i < 200; ++i)
    fs.push_back(std::async(std::launch::async, [i] {
      std::this_thread::yield();
      return i * i;
    }));
  long sum = 0;
  for (auto& f : fs) sum += f.get();
  CHECK(sum == 199L * 200 * 399 / 6);
}

TEST_CASE("packaged_task: run in a thread, reset, at thread exit, dropped") {
  std::packaged_task<int(int)> task([](int n) {
    if (n < 0) throw std::invalid_argument("negative");
    return n + 1;
  });
  std::future<int> f = task.get_future();
  std::thread(std::ref(task), 4).join();
  CHECK(f.get() == 5);
  task.reset();
  f = task.get_future();
  std::thread(std::ref(task), -1).join();
  CHECK_THROWS_AS(f.get(), std::invalid_argument);
  task.reset();
  f = task.get_future();
  std::thread([&] { task.make_ready_at_thread_exit(6); }).detach();
  CHECK(f.get() == 7);
  std::future<int> dropped;
  {
    std::packaged_task<int(int)> gone([](int n) { return n; });
    dropped = gone.get_future();
  }
  CHECK(code_of([&] { dropped.get(); }) == std::future_errc::broken_promise);
}
