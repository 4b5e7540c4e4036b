// malloc and free, on rt0's heap and, as built by the machine's own compiler, on glibc's or whatever is
// preloaded. No rt0 header.
#include <cstdint>
#include <memory>
#include <thread>

#include "tests/bench/micro/harness.h"

namespace {

using bench::figure;
using bench::stopwatch;

class xorshift {
 public:
  std::uint32_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return state_;
  }
  std::size_t small_bytes() { return 16 + next() % 241; }

 private:
  std::uint32_t state_ = 1;
};

// Touched, as whoever asks for memory does; the compiler may not drop the pair.
void* get(std::size_t bytes) {
  void* block = std::malloc(bytes);
  *static_cast<volatile char*>(block) = 1;
  asm volatile("" : "+r"(block));
  return block;
}

std::vector<figure> per(const char* name, const stopwatch& time, long count) {
  return bench::each(name, time, count);
}

template <std::size_t Bytes>
std::vector<figure> pair(const char* name, long count) {
  const stopwatch time;
  for (long i = 0; i < count; i++) std::free(get(Bytes));
  return per(name, time, count);
}

// 10,000 blocks of 16 to 256 B live; at random one of them is replaced.
std::vector<figure> churn(const char* name, long count) {
  std::vector<void*> live(10'000, nullptr);
  xorshift random;
  const stopwatch time;
  for (long i = 0; i < count; i++) {
    void*& block = live[random.next() % live.size()];
    std::free(block);
    block = get(random.small_bytes());
  }
  const auto figures = per(name, time, count);
  for (void* block : live) std::free(block);
  return figures;
}

// 1,000 blocks of 16 to 256 B, then all are freed.
std::vector<figure> batch(const char* name, long count) {
  constexpr long at_once = 1000;
  void* blocks[at_once];
  xorshift random;
  const stopwatch time;
  for (long i = 0; i < count; i += at_once) {
    for (void*& block : blocks) block = get(random.small_bytes());
    for (void* block : blocks) std::free(block);
  }
  return per(name, time, count);
}

// One thread allocates, another frees, 256 blocks at a time, at most 64 times as many on the way.
std::vector<figure> cross(const char* name, long count) {
  constexpr long at_once = 256, places = 64;
  struct ring {
    void* blocks[places][at_once];
    std::atomic<long> head{0}, tail{0};
  };
  const auto shared = std::make_unique<ring>();
  ring& r = *shared;
  const long batches = (count + at_once - 1) / at_once;
  const stopwatch time;
  std::thread consumer([&r, batches] {
    for (long b = 0; b < batches; b++) {
      while (r.head.load(std::memory_order_acquire) == b) std::this_thread::yield();
      for (void* block : r.blocks[b % places]) std::free(block);
      r.tail.store(b + 1, std::memory_order_release);
    }
  });
  xorshift random;
  for (long b = 0; b < batches; b++) {
    while (b - r.tail.load(std::memory_order_acquire) >= places) std::this_thread::yield();
    for (void*& block : r.blocks[b % places]) block = get(random.small_bytes());
    r.head.store(b + 1, std::memory_order_release);
  }
  consumer.join();
  return per(name, time, batches * at_once);
}

constexpr bench::workload workloads[] = {
    {"malloc_pair", pair<64>, 5'000'000, 100}, {"malloc_4k", pair<4096>, 2'000'000, 100},
    {"malloc_64k", pair<65536>, 500'000, 100}, {"malloc_churn", churn, 2'000'000, 100},
    {"malloc_batch", batch, 2'000'000, 1000},  {"malloc_cross", cross, 1'000'000, 1000},
};

}  // namespace

int main(int argc, char** argv) { return bench::main(argc, argv, {workloads}); }
