// errno belongs to the thread, and survives a switch.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <errno.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

TEST_CASE("each thread has its own, at its own address") {
  errno = 5;
  int* const here = &errno;
  std::thread([&] {
    CHECK(&errno != here);
    CHECK(errno == 0);
    errno = 6;
  }).join();
  CHECK(errno == 5);
}

TEST_CASE("kept across yields and sleeps, though others set theirs") {
  std::atomic<int> wrong{0};
  std::vector<std::thread> ts;
  for (int i = 1; i <= 10; ++i)
    ts.emplace_back([&, i] {
      for (int r = 0; r < 20; ++r) {
        errno = i;
        std::this_thread::yield();
        wrong += errno != i;
        std::this_thread::sleep_for(std::chrono::microseconds(50));
        wrong += errno != i;
      }
    });
  for (std::thread& t : ts) t.join();
  CHECK(wrong == 0);
}

TEST_CASE("a failing call sets the caller's only") {
  errno = 0;
  std::thread([] {
    CHECK(close(-1) == -1);
    CHECK(errno == EBADF);
  }).join();
  CHECK(errno == 0);
}
