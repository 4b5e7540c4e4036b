#include "runtime/lock/note.h"

#include "sys/clock.h"
#include "sys/futex.h"

namespace rt0 {

void note::sleep() noexcept {
  while (!awake()) {
    (void)sys::futex_wait(reinterpret_cast<const std::uint32_t*>(&key_), asleep, sys::no_deadline);
  }
}

bool note::sleep_until(std::int64_t deadline_ns) noexcept {
  while (!awake()) {
    if (sys::nanotime() >= deadline_ns) return false;
    (void)sys::futex_wait(reinterpret_cast<const std::uint32_t*>(&key_), asleep, deadline_ns);
  }
  return true;
}

void note::wakeup() noexcept {
  // pairs with: awake's load(acquire)
  if (key_.exchange(woken, std::memory_order_release) == asleep) {
    (void)sys::futex_wake(reinterpret_cast<const std::uint32_t*>(&key_), 1);
  }
}

}  // namespace rt0
