// pthread_once. std::call_once throws through it (traps T9), and libgcc's unwinder calls it, weakly, so it
// must be in every program and cannot be compiled with exceptions, which would bring libstdc++ into every
// program: once.S makes the call, and this file's personality routine sees an exception pass.
//
//   fresh -> running       first come
//   running -> contended   somebody waits
//   running -> done, or back to fresh if the function is unwound; contended likewise, and wakes everybody
#include <limits.h>
#include <pthread.h>

#include <atomic>
#include <cstdint>

#include "rt0/arch.h"
#include "rt0/upcalls.h"
#include "runtime/base/export.h"
#include "runtime/sync/wait_table.h"

// libgcc's. Whoever unwinds has it linked.
extern "C" [[gnu::weak]] std::uintptr_t _Unwind_GetGR(void* context, int number);

namespace rt0::libc {
namespace {

constexpr std::uint32_t fresh = 0, running = 1, done = 2, contended = 3;
using once_word = std::atomic_ref<std::uint32_t>;

void leave(std::uint32_t* once, std::uint32_t state) noexcept {
  // pairs with: pthread_once's load(acquire)
  if (once_word(*once).exchange(state, std::memory_order_release) == contended) wake(once, INT_MAX);
}

}  // namespace
}  // namespace rt0::libc

using namespace rt0;
using namespace rt0::libc;

extern "C" int rt0::rt0_once_personality(int, int actions, std::uint64_t, void*, void* context) {
  constexpr int cleanup_phase = 2, continue_unwind = 8;  // _UA_CLEANUP_PHASE, _URC_CONTINUE_UNWIND
  if ((actions & cleanup_phase) != 0) {
    leave(reinterpret_cast<std::uint32_t*>(_Unwind_GetGR(context, once_register)), fresh);
  }
  return continue_unwind;
}

RT0_EXPORT int pthread_once(pthread_once_t* control, void (*fn)()) {
  auto* word = reinterpret_cast<std::uint32_t*>(control);
  once_word once(*word);
  for (;;) {
    std::uint32_t state = once.load(std::memory_order_acquire);  // pairs with: leave's exchange(release)
    if (state == done) return 0;
    if (state == fresh) {
      if (!once.compare_exchange_strong(state, running, std::memory_order_acquire, std::memory_order_relaxed))
        continue;
      rt0_call_once(fn, word);
      leave(word, done);
      return 0;
    }
    if (state == running && !once.compare_exchange_strong(state, contended, std::memory_order_relaxed,
                                                          std::memory_order_relaxed)) {
      continue;
    }
    (void)wait_if_equal(word, contended, forever, wait_reason::once);
  }
}
