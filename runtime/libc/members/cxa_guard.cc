// The guards of static variables in functions, which compilers call (Itanium C++ ABI, 3.3.3), in place of
// libstdc++'s. Its waiters wait in a futex of which nobody can say who will wake it; here a report names the
// goroutine that makes the variable, and finds those that wait for each other. (Where libstdc++'s are linked
// all the same, the program runs as well.)
//
//   byte 0      1: it is made. What compilers look at before they call
//   bytes 4-7   the word that says who makes it (sync/once_word.h)
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "rt/abi/sync.h"
#include "runtime/base/export.h"

namespace {

struct guard {
  std::atomic<std::uint8_t> made;
  std::uint32_t word;
};
static_assert(sizeof(guard) == sizeof(std::uint64_t) && offsetof(guard, word) == 4);

}  // namespace

RT0_EXPORT int __cxa_guard_acquire(guard* it) {
  return it->made.load(std::memory_order_acquire) == 0 && rt0_once_begin(&it->word) ? 1 : 0;
}

RT0_EXPORT void __cxa_guard_release(guard* it) noexcept {
  it->made.store(1, std::memory_order_release);  // pairs with: the load(acquire) above, and compilers'
  rt0_once_end(&it->word, true);
}

RT0_EXPORT void __cxa_guard_abort(guard* it) noexcept { rt0_once_end(&it->word, false); }
