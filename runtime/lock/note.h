// note: one M sleeps until another wakes it, once. Go's lock_futex.go note.
//
// Who should use it: an M that has nothing to do and has told somebody where it sleeps. Who should not:
// goroutines (runtime/sync).
//
//   clear -> awake      wakeup, also before the sleep: it then returns at once
//   awake -> clear      clear, by the sleeper, before it tells anybody again where it will sleep
#pragma once
#include <atomic>
#include <cstdint>

namespace rt0 {

class note {
 public:
  // Blocks the M until wakeup was called.
  void sleep() noexcept;
  // As sleep, but not beyond deadline_ns on CLOCK_MONOTONIC. False: the time passed first.
  bool sleep_until(std::int64_t deadline_ns) noexcept;
  // At most once between two calls of clear, unless `again` is harmless to the sleeper.
  void wakeup() noexcept;
  // Only while nobody can call wakeup.
  void clear() noexcept { key_.store(asleep, std::memory_order_relaxed); }
  bool awake() const noexcept {
    return key_.load(std::memory_order_acquire) != asleep;
  }  // pairs with: wakeup

 private:
  static constexpr std::uint32_t asleep = 0, woken = 1;
  std::atomic<std::uint32_t> key_{asleep};
};

}  // namespace rt0
