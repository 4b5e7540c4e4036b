// <rt/debug.h>: labels of goroutines.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <rt/chan.h>
#include <rt/debug.h>
#include <rt/go.h>
#include <rt/sync.h>
#include <rt/time.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using label_list = std::vector<std::pair<std::string, std::string>>;
using rt::debug::label_scope;
using rt::debug::labels;

}  // namespace

TEST_CASE("scopes nest, and the inner value of a key counts") {
  CHECK(labels().empty());
  {
    const label_scope user("user", "ann");
    const label_scope request("request", "17");
    CHECK(labels() == label_list{{"user", "ann"}, {"request", "17"}});
    {
      const label_scope inner("user", "bob");
      CHECK(labels() == label_list{{"request", "17"}, {"user", "bob"}});
    }
    CHECK(labels() == label_list{{"user", "ann"}, {"request", "17"}});
    try {
      const label_scope inner("step", std::string("with\0zero", 9));
      CHECK(labels()[2].second.size() == 9);
      throw std::runtime_error("out");
    } catch (const std::runtime_error&) {
    }
    const label_scope empty("", "");
    CHECK(labels() == label_list{{"user", "ann"}, {"request", "17"}, {"", ""}});
  }
  CHECK(labels().empty());
}

TEST_CASE("what is started in a scope inherits, and keeps, its labels") {
  const label_list expected{{"request", "18"}};
  rt::chan<label_list> seen(0);
  rt::chan<int> go_on(0);
  rt::task<label_list> task;
  std::thread thread;
  std::optional<rt::timer> timer;
  const auto report = [=] {
    go_on.recv();
    seen.send(labels());
  };
  {
    const label_scope request("request", "18");
    rt::go(report);
    rt::go({.name = "named"}, [=] { rt::go(report); });  // grandchildren too
    thread = std::thread(report);
    timer.emplace(1ms, report);
    task = rt::spawn([=] {
      go_on.recv();
      const label_scope own("own", "1");
      return labels();
    });
  }
  CHECK(labels().empty());
  for (int i = 0; i < 5; i++) go_on.send(1);
  for (int i = 0; i < 4; i++) CHECK(*seen.recv() == expected);
  CHECK(task.get() == label_list{{"request", "18"}, {"own", "1"}});
  thread.join();
  rt::spawn([] { CHECK(labels().empty()); }).join();  // on a stack that had some
}

TEST_CASE("many goroutines and scopes, each with its own") {
  rt::wait_group all;
  std::atomic<int> wrong{0};
  for (int i = 0; i < 64; i++) {
    const label_scope number("n", std::to_string(i));
    all.go([&, i] {
      for (int k = 0; k < 50; k++) {
        const label_scope inner("k", std::to_string(k));
        rt::spawn([&, i, k] {
          rt::yield();
          if (labels() != label_list{{"n", std::to_string(i)}, {"k", std::to_string(k)}}) wrong++;
        }).join();
      }
    });
  }
  all.wait();
  CHECK(wrong == 0);
}

TEST_CASE("a goroutine that ends by goexit, or never starts, gives its labels up") {
  struct refuses {
    refuses() = default;
    refuses(const refuses&) { throw std::runtime_error("no copy"); }
    void operator()() const {}
  };
  const label_scope scope("a", "b");
  const refuses no_copy;
  CHECK_THROWS_AS(rt::go(no_copy), std::runtime_error);
  rt::spawn([] {
    const label_scope inner("c", "d");
    rt::goexit();
  }).join();
  CHECK(labels() == label_list{{"a", "b"}});
}
