// A goroutine that comes back from a system call and finds no P waits on the global queue. The goroutine that
// runs before it may switch to it directly, and then it is the one that completes that one's park; when it
// did not, a thread that ended so was never known to have ended, and its join never returned.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

TEST_CASE("threads that come back from a system call together and end are joined") {
  constexpr int threads = 24;
  constexpr auto until_blocked = std::chrono::milliseconds(3);
  for (int round = 0; round < 200; round++) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    std::atomic<int> ended{0};
    std::vector<std::thread> readers;
    for (int i = 0; i < threads; i++) {
      readers.emplace_back([&] {
        char byte;
        if (read(ends[0], &byte, 1) == 0) ended++;
      });
    }
    std::this_thread::sleep_for(until_blocked);
    close(ends[1]);
    for (auto& t : readers) t.join();
    close(ends[0]);
    CHECK(ended == threads);
  }
}
