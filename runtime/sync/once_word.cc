#include "runtime/sync/once_word.h"

#include <limits.h>

#include "rt0/arch.h"
#include "runtime/sync/wait_table.h"

namespace rt0 {

bool once_word::begin() noexcept {
  for (;;) {
    std::uint32_t now = word_.load(std::memory_order_acquire);  // pairs with: end's exchange(release)
    if (now == done) return false;
    if (now == fresh) {
      // acquire, pairs with: end, of an attempt that was given up
      if (word_.compare_exchange_strong(now, getg()->index << state_width | running,
                                        std::memory_order_acquire, std::memory_order_relaxed)) {
        return true;
      }
      continue;
    }
    const std::uint32_t waited_for = now | contended;
    if (now != waited_for && !word_.compare_exchange_strong(now, waited_for, std::memory_order_relaxed,
                                                            std::memory_order_relaxed)) {
      continue;
    }
    (void)wait_if_equal(reinterpret_cast<const std::uint32_t*>(&word_), waited_for, forever,
                        wait_reason::once);
  }
}

void once_word::end(bool is_done) noexcept {
  // pairs with: begin's load(acquire)
  const std::uint32_t before = word_.exchange(is_done ? done : fresh, std::memory_order_release);
  if ((before & state_bits) == contended) wake(&word_, INT_MAX);
}

}  // namespace rt0
