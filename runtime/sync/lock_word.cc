#include "runtime/sync/lock_word.h"

#include "sys/clock.h"

namespace rt0 {
namespace {

constexpr std::int64_t patience_ns = 1'000'000;  // Go's starvationThresholdNs

}  // namespace

bool lock_word::lock_slow(std::int64_t deadline_ns, wait_reason why) noexcept {
  const auto* word = reinterpret_cast<const std::uint32_t*>(&word_);
  std::int64_t since_ns = 0;
  bool impatient = false;
  // pairs with: unlock (release)
  while (word_.exchange(contended, std::memory_order_acquire) != free_) {
    const std::int64_t now_ns = sys::nanotime();
    if (since_ns == 0) since_ns = now_ns;
    impatient = now_ns - since_ns > patience_ns;
    switch (wait_for_lock(word, contended, deadline_ns, why, impatient)) {
      case wait_result::handed: return true;
      case wait_result::timed_out: return false;
      case wait_result::woken:
      case wait_result::interrupted:
      case wait_result::not_equal: break;
    }
  }
  return true;
}

}  // namespace rt0
