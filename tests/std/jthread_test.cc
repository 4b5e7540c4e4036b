// std::jthread, stop_source, stop_token, stop_callback: who calls the callback, when its destructor waits.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

TEST_CASE("the destructor asks to stop and joins") {
  bool stopped = false;
  {
    std::jthread t([&](std::stop_token st) {
      while (!st.stop_requested()) std::this_thread::yield();
      stopped = true;
    });
  }
  CHECK(stopped);
}

TEST_CASE("a callable without a token, arguments, moves") {
  int n = 0;
  {
    std::jthread a([&](int k) { n = k; }, 8);
    std::jthread b = std::move(a);
    CHECK_FALSE(a.joinable());
    CHECK(b.joinable());
  }
  CHECK(n == 8);
}

TEST_CASE("only the first request says yes; all tokens see it") {
  std::stop_source src;
  std::stop_token a = src.get_token(), b = a;
  CHECK(a.stop_possible());
  CHECK_FALSE(a.stop_requested());
  std::atomic<int> first{0};
  std::vector<std::jthread> ts;
  for (int i = 0; i < 10; ++i) ts.emplace_back([&] { first += src.request_stop(); });
  ts.clear();
  CHECK(first == 1);
  CHECK(a.stop_requested());
  CHECK(b.stop_requested());
  CHECK_FALSE(std::stop_token{}.stop_possible());
}

TEST_CASE("callbacks run in the requesting thread; a late one runs at once; a dead one never") {
  std::stop_source src;
  std::thread::id ran_in;
  int dead = 0, late = 0;
  std::stop_callback live(src.get_token(), [&] { ran_in = std::this_thread::get_id(); });
  {
    std::stop_callback gone(src.get_token(), [&] { ++dead; });
  }
  std::thread::id requester;
  std::thread([&] {
    requester = std::this_thread::get_id();
    src.request_stop();
  }).join();
  CHECK(ran_in == requester);
  CHECK(dead == 0);
  std::stop_callback after(src.get_token(), [&] { ++late; });
  CHECK(late == 1);
}

TEST_CASE("the callback's destructor waits while it runs in another thread") {
  std::stop_source src;
  std::atomic<bool> entered{false};
  bool left = false;
  auto body = [&] {
    entered = true;
    for (int i = 0; i < 100; ++i) std::this_thread::yield();
    std::this_thread::sleep_for(10ms);
    left = true;
  };
  std::optional<std::stop_callback<decltype(body)>> cb(std::in_place, src.get_token(), body);
  std::thread t([&] { src.request_stop(); });
  while (!entered) std::this_thread::yield();
  cb.reset();
  CHECK(left);
  t.join();
}

TEST_CASE("a callback may destroy itself") {
  std::stop_source src;
  struct self {
    std::optional<std::stop_callback<std::function<void()>>> cb;
  } s;
  bool ran = false;
  s.cb.emplace(src.get_token(), [&] {
    ran = true;
    s.cb.reset();
  });
  src.request_stop();
  CHECK(ran);
  CHECK_FALSE(s.cb.has_value());
}
