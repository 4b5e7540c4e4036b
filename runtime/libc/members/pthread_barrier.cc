// pthread_barrier_*. The round and the number of those who wait in it are one word: the last of a round
// begins the next by the same step with which it arrives, so that more threads than the barrier's count may
// use it.
//
//   (round r, n) -> (round r, n + 1)     arrives and waits for the round's end
//   (round r, count - 1) -> (r + 1, 0)   the last: wakes all
//
// A barrier may be destroyed as soon as one thread has left: destroy waits until the others, who still look
// at the round, are out. The last of them touches it by its fetch_sub only.
#include <errno.h>
#include <limits.h>
#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "runtime/base/export.h"
#include "runtime/libc/members/futex.h"

namespace rt0::libc {
namespace {

struct barrier_rep {
  std::atomic<std::uint64_t> state;  // round << 32 | waiting
  std::atomic<std::uint32_t> inside;
  std::uint32_t count;
};
static_assert(sizeof(barrier_rep) <= sizeof(pthread_barrier_t));

constexpr std::uint32_t destroyed = 1u << 31;  // in `inside`: somebody waits for the last to leave

barrier_rep& rep(pthread_barrier_t* barrier) { return *reinterpret_cast<barrier_rep*>(barrier); }

// The half of the state that changes when a round ends, for the futex: the machine is little-endian.
std::uint32_t* round_of(barrier_rep& b) { return reinterpret_cast<std::uint32_t*>(&b.state) + 1; }

void leave(barrier_rep& b) noexcept {
  std::uint32_t* inside = reinterpret_cast<std::uint32_t*>(&b.inside);
  // pairs with: pthread_barrier_destroy load(acquire)
  if (b.inside.fetch_sub(1, std::memory_order_release) == (destroyed | 1)) futex_wake(inside, INT_MAX);
}

}  // namespace
}  // namespace rt0::libc

using namespace rt0::libc;

RT0_EXPORT int pthread_barrier_init(pthread_barrier_t* barrier, const pthread_barrierattr_t*,
                                    unsigned count) {
  if (count == 0 || count > INT_MAX) return EINVAL;
  barrier_rep& b = rep(barrier);
  b.state.store(0, std::memory_order_relaxed);
  b.inside.store(0, std::memory_order_relaxed);
  b.count = count;
  return 0;
}

RT0_EXPORT int pthread_barrier_wait(pthread_barrier_t* barrier) {
  barrier_rep& b = rep(barrier);
  b.inside.fetch_add(1, std::memory_order_relaxed);
  std::uint64_t seen = b.state.load(std::memory_order_relaxed);
  const auto round = [](std::uint64_t state) { return static_cast<std::uint32_t>(state >> 32); };
  std::uint64_t next;
  bool last;
  do {
    last = static_cast<std::uint32_t>(seen) + 1 == b.count;
    next = last ? static_cast<std::uint64_t>(round(seen) + 1) << 32 : seen + 1;
    // acq_rel: what anybody did before the round's end, all see after it.   pairs with: itself, and the load
    // below
  } while (!b.state.compare_exchange_weak(seen, next, std::memory_order_acq_rel, std::memory_order_relaxed));
  if (last) {
    futex_wake(round_of(b), INT_MAX);
  } else {
    while (round(b.state.load(std::memory_order_acquire)) == round(seen))
      futex_wait(round_of(b), round(seen));
  }
  leave(b);
  return last ? PTHREAD_BARRIER_SERIAL_THREAD : 0;
}

RT0_EXPORT int pthread_barrier_destroy(pthread_barrier_t* barrier) {
  barrier_rep& b = rep(barrier);
  if (static_cast<std::uint32_t>(b.state.load(std::memory_order_relaxed)) != 0) return EBUSY;
  std::uint32_t inside = b.inside.fetch_or(destroyed, std::memory_order_acquire) | destroyed;
  while (inside != destroyed) {
    futex_wait(reinterpret_cast<std::uint32_t*>(&b.inside), inside);
    inside = b.inside.load(std::memory_order_acquire);  // pairs with: leave (release)
  }
  return 0;
}

RT0_EXPORT int pthread_barrierattr_init(pthread_barrierattr_t* attr) {
  *reinterpret_cast<int*>(attr) = PTHREAD_PROCESS_PRIVATE;
  return 0;
}

RT0_EXPORT int pthread_barrierattr_destroy(pthread_barrierattr_t*) { return 0; }
