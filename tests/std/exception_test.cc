// Exceptions on many stacks: each thread has its own "current exception", whatever switches happen inside a
// handler or a destructor. What ends the process (a throw nobody catches) is in tests/boot.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

std::string what_of(const std::exception_ptr& p) {
  try {
    if (p) std::rethrow_exception(p);
  } catch (const std::exception& e) {
    return e.what();
  }
  return "nothing";
}

// Runs body(i) in n threads at once; returns how many said false or threw.
template <class F>
int failures(int n, F body) {
  std::atomic<int> bad{0};
  std::vector<std::thread> ts;
  for (int i = 0; i < n; ++i)
    ts.emplace_back([&, i] {
      try {
        bad += !body(i);
      } catch (...) {
        ++bad;
      }
    });
  for (std::thread& t : ts) t.join();
  return bad;
}

}  // namespace

TEST_CASE("out of a thread by exception_ptr") {
  std::exception_ptr carried;
  std::thread([&] {
    try {
      std::vector<int>().at(3);
    } catch (...) {
      carried = std::current_exception();
    }
  }).join();
  CHECK_THROWS_AS(std::rethrow_exception(carried), std::out_of_range);
}

TEST_CASE("yield and block inside catch: the handler keeps its own exception") {
  std::mutex mu;
  CHECK(failures(10, [&](int i) {
          for (int round = 0; round < 10; ++round) {
            const std::string mine = std::to_string(i) + "." + std::to_string(round);
            try {
              throw std::runtime_error(mine);
            } catch (const std::runtime_error& e) {
              std::this_thread::yield();
              {
                std::lock_guard lock(mu);
                std::this_thread::yield();
              }
              if (round % 5 == 0) std::this_thread::sleep_for(1ms);
              if (e.what() != mine || what_of(std::current_exception()) != mine) return false;
            }
            if (std::current_exception()) return false;
          }
          return true;
        }) == 0);
}

TEST_CASE("throw; after a switch rethrows one's own") {
  CHECK(failures(10, [](int i) {
          try {
            try {
              throw i;
            } catch (...) {
              for (int k = 0; k < 5; ++k) std::this_thread::yield();
              throw;
            }
          } catch (int n) {
            return n == i;
          }
          return false;
        }) == 0);
}

TEST_CASE("nested handlers, each with switches, unwind in order") {
  CHECK(failures(8, [](int i) {
          try {
            throw std::runtime_error("outer" + std::to_string(i));
          } catch (const std::exception& outer) {
            std::this_thread::yield();
            try {
              throw std::logic_error("inner" + std::to_string(i));
            } catch (const std::exception& inner) {
              std::this_thread::yield();
              if (inner.what() != "inner" + std::to_string(i)) return false;
            }
            std::this_thread::yield();
            return outer.what() == "outer" + std::to_string(i) &&
                   what_of(std::current_exception()) == "outer" + std::to_string(i);
          }
        }) == 0);
}

TEST_CASE("std::throw_with_nested through two threads") {
  std::exception_ptr first, second;
  std::thread([&] {
    try {
      throw std::runtime_error("cause");
    } catch (...) {
      first = std::current_exception();
    }
  }).join();
  std::thread([&] {
    try {
      try {
        std::rethrow_exception(first);
      } catch (...) {
        std::this_thread::yield();
        std::throw_with_nested(std::logic_error("effect"));
      }
    } catch (...) {
      second = std::current_exception();
    }
  }).join();
  std::string outer, inner;
  try {
    std::rethrow_exception(second);
  } catch (const std::logic_error& e) {
    outer = e.what();
    try {
      std::rethrow_if_nested(e);
    } catch (const std::runtime_error& c) {
      inner = c.what();
    }
  }
  CHECK(outer == "effect");
  CHECK(inner == "cause");
}

TEST_CASE("uncaught_exceptions in a destructor that yields during unwinding") {
  struct watcher {
    bool& ok;
    ~watcher() {
      const int before = std::uncaught_exceptions();
      for (int k = 0; k < 5; ++k) std::this_thread::yield();
      ok = before == 1 && std::uncaught_exceptions() == 1;
    }
  };
  CHECK(failures(8, [](int i) {
          bool ok = false;
          try {
            watcher w{ok};
            throw i;
          } catch (int n) {
            if (n != i) return false;
          }
          return ok && std::uncaught_exceptions() == 0;
        }) == 0);
}

TEST_CASE("a throw and catch inside a destructor that runs because of a throw") {
  struct tries {
    ~tries() {
      try {
        std::this_thread::yield();
        throw 2;
      } catch (int) {
        std::this_thread::yield();
      }
    }
  };
  CHECK(failures(8, [](int i) {
          try {
            tries t;
            throw i + 100;
          } catch (int n) {
            return n == i + 100;
          }
        }) == 0);
}

namespace {
[[gnu::noinline]] int deep(int n) {
  struct raii {
    int& depth;
    explicit raii(int& d) : depth(d) { ++depth; }
    ~raii() { --depth; }
  };
  thread_local int depth = 0;
  raii r(depth);
  if (n == 0) throw depth;
  return deep(n - 1) + depth;
}
}  // namespace

TEST_CASE("many frames, a thousand throws in each of several threads") {
  CHECK(failures(4, [](int) {
          for (int i = 0; i < 1000; ++i) {
            try {
              deep(i % 50);
              return false;
            } catch (int depth) {
              if (depth != i % 50 + 1) return false;
            }
            if (i % 100 == 0) std::this_thread::yield();
          }
          return true;
        }) == 0);
}

TEST_CASE("bad_alloc for an absurd size, and the program goes on") {
  volatile std::size_t huge = std::size_t{1} << 62;
  CHECK_THROWS_AS(::operator delete(::operator new(huge)), std::bad_alloc);
}
