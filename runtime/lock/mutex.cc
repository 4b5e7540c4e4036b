#include "runtime/lock/mutex.h"

#include "rt0/arch.h"
#include "runtime/base/fatal.h"
#include "runtime/lock/held.h"
#include "runtime/lock/perturb.h"
#include "sys/futex.h"

namespace rt0 {
namespace {

constexpr int active_spins = 4;  // Go's lock_futex.go: only useful with more than one CPU
constexpr int pauses_per_spin = 30;

}  // namespace

void mutex_base::lock_hooked(lock_rank rank) noexcept {
  perturb();
  if (debug.check != 0) check_rank(this, rank);
  std::uint32_t expected = unlocked;
  // pairs with: unlock_base exchange(release)
  if (!state_.compare_exchange_strong(expected, locked, std::memory_order_acquire,
                                      std::memory_order_relaxed)) {
    lock_slow();
  }
  note_if_checked(rank);
}

void mutex_base::note_if_checked(lock_rank rank) noexcept {
  if (debug.check == 0) return;
  note_held(this, rank);
  std::uint32_t expected = locked;
  // Ours already: it orders nothing. Failure: somebody sleeps.
  (void)state_.compare_exchange_strong(expected, watched, std::memory_order_relaxed);
}

void mutex_base::lock_slow() noexcept {
  for (int spin = 0; spin < active_spins; spin++) {
    std::uint32_t expected = unlocked;
    if (state_.compare_exchange_weak(expected, locked, std::memory_order_acquire, std::memory_order_relaxed))
      return;
    for (int i = 0; i < pauses_per_spin; i++) procyield();
  }
  // Once somebody slept the word stays `sleeping` until an unlock: a spurious wake costs one needless
  // futex_wake. pairs with: unlock_base exchange(release)
  while (state_.exchange(sleeping, std::memory_order_acquire) != unlocked) {
    (void)sys::futex_wait(reinterpret_cast<const std::uint32_t*>(&state_), sleeping, sys::no_deadline);
  }
}

void mutex_base::unlock_slow(std::uint32_t was) noexcept {
  ensure(was == sleeping || was == watched, "unlock of unlocked lock");
  if (debug.check != 0) note_released(this);
  if (was == watched) return;
  (void)sys::futex_wake(reinterpret_cast<const std::uint32_t*>(&state_), 1);
}

}  // namespace rt0
