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

// One reads, with calls of some microseconds; the other yields. Each look of the second that finds new reads
// is a slice of the first that ended.
TEST_CASE("one short system call after another does not keep the others out") {
  using clock = std::chrono::steady_clock;
  const int procs = rt::gomaxprocs(1);
  std::atomic<bool> stop{false};
  std::atomic<long> reads{0};
  std::thread busy([&] {
    const int zeroes = open("/dev/zero", O_RDONLY);
    std::vector<char> buffer(128 << 10);
    for (; !stop; reads++) CHECK(read(zeroes, buffer.data(), buffer.size()) > 0);
    close(zeroes);
  });
  int slices = 0;
  long seen = 0;
  const auto end = clock::now() + std::chrono::seconds(2);
  while (clock::now() < end) {
    rt::yield();
    const long now = reads;
    if (now != seen) slices++;
    seen = now;
  }
  stop = true;
  busy.join();
  MESSAGE(slices << " slices, " << seen << " reads");
  CHECK(slices >= 10);  // of 10 ms, seen by sysmon after 10 ms more at worst: 100
  rt::gomaxprocs(procs);
}
