// A time slice ends for whoever has had it, also for a goroutine that is never long in its own code.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <fcntl.h>
#include <rt/go.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

TEST_CASE("one short system call after another does not keep the others out") {
  using clock = std::chrono::steady_clock;
  const int procs = rt::gomaxprocs(1);
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    const int zeroes = open("/dev/zero", O_RDONLY);
    std::vector<char> buffer(128 << 10);
    while (!stop) CHECK(read(zeroes, buffer.data(), buffer.size()) > 0);
    close(zeroes);
  });
  int turns = 0;
  const auto end = clock::now() + std::chrono::seconds(1);
  for (; clock::now() < end; turns++) rt::yield();
  stop = true;
  busy.join();
  MESSAGE("turns: " << turns);
  CHECK(turns >= 20);  // with slices of 10 ms, seen by sysmon after 10 ms more at worst: 50
  rt::gomaxprocs(procs);
}
