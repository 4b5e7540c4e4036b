// Everybody gets a turn: two threads that only ever wake each other must not keep a third one out, though
// each wake-up is a reason to run the woken one next.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

TEST_CASE("a third thread has its turn beside two that play ping-pong") {
  std::mutex mu;
  std::condition_variable changed;
  int turn = 0;
  bool stop = false;
  auto player = [&](int me) {
    std::unique_lock hold(mu);
    while (!stop) {
      changed.wait(hold, [&] { return stop || turn == me; });
      turn = 1 - me;
      changed.notify_all();
    }
  };
  std::thread first(player, 0), second(player, 1);
  std::thread third([&] {
    std::lock_guard hold(mu);
    stop = true;
    changed.notify_all();
  });
  first.join();
  second.join();
  third.join();
  CHECK(stop);
}
