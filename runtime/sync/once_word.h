// once_word: a 32-bit word of what is done once, on the wait table: pthread_once (and so std::call_once),
// rt::call_once, and the guards of static variables in functions.
//
//   fresh -> running       begin, first come
//   running -> contended   somebody waits
//   running -> done, or back to fresh if it was not done; contended likewise, and wakes everybody
//
// Whose it is, while it runs, stands above the state: the goroutine's index. A report finds those who wait
// for each other by it (unwind/cycles.h), at no cost: only the first call of all writes the word.
#pragma once
#include <atomic>
#include <cstdint>

namespace rt0 {

class once_word {
 public:
  // True: it is the caller's to do, and to end. False: it is done. May park.
  bool begin() noexcept;
  void end(bool is_done) noexcept;

  // Who does it: place in allgs + 1; 0: nobody, or no goroutine.
  std::uint32_t owner() const noexcept {
    const std::uint32_t now = word_.load(std::memory_order_relaxed);
    return (now & state_bits) == done ? 0 : now >> state_width;
  }

 private:
  static constexpr std::uint32_t fresh = 0, running = 1, done = 2, contended = 3;  // done: rt/abi/sync.h's
  static constexpr std::uint32_t state_bits = 3, state_width = 2;

  std::atomic<std::uint32_t> word_{fresh};
};
static_assert(sizeof(once_word) == sizeof(std::uint32_t));

inline once_word& as_once(std::uint32_t* word) noexcept { return *reinterpret_cast<once_word*>(word); }

}  // namespace rt0
