// sigaction: the program's handlers run on the M's signal stack, asked for or not.
//
// On its own stack a handler would look like any code of the goroutine: it could be made to give way, go on
// on another M, and its return from there (rt_sigreturn restores the signal stack too) would put two Ms on
// one. musl's own function is renamed in our copy of its archive (third_party/musl).
#include <signal.h>

#include <atomic>
#include <cstdint>

#include "runtime/base/export.h"

extern "C" int rt0_musl_sigaction(int, const struct sigaction*, struct sigaction*) noexcept;

namespace {

// Signals whose handler did not ask for it: what the program reads back is what it wrote. signal-safe
constinit std::atomic<std::uint64_t> added{0};

// SIGURG asks goroutines to give way: a handler in its place would let one thread keep all others from
// running. The program's is remembered, not called; only sockets with SO_OOBINLINE off and an owner ever send
// one.
constinit std::atomic<void (*)(int)> urgent{SIG_DFL};

int remember_urgent(const struct sigaction* wanted, struct sigaction* old) {
  void (*const before)(int) = wanted != nullptr
                                  ? urgent.exchange(wanted->sa_handler, std::memory_order_relaxed)
                                  : urgent.load(std::memory_order_relaxed);
  if (old != nullptr) {
    *old = {};
    old->sa_handler = before;
  }
  return 0;
}

}  // namespace

RT0_EXPORT int __sigaction(int signal, const struct sigaction* wanted, struct sigaction* old) {
  if (signal == SIGURG) return remember_urgent(wanted, old);
  struct sigaction ours;
  const bool has_handler =
      wanted != nullptr && wanted->sa_handler != SIG_DFL && wanted->sa_handler != SIG_IGN;
  const bool adds = has_handler && (wanted->sa_flags & SA_ONSTACK) == 0;
  if (adds) {
    ours = *wanted;
    ours.sa_flags |= SA_ONSTACK;
    wanted = &ours;
  }
  if (const int failed = rt0_musl_sigaction(signal, wanted, old); failed != 0) return failed;
  const std::uint64_t bit = std::uint64_t{1} << (signal - 1);
  const std::uint64_t before = wanted == nullptr ? added.load(std::memory_order_relaxed)
                               : adds            ? added.fetch_or(bit, std::memory_order_relaxed)
                                                 : added.fetch_and(~bit, std::memory_order_relaxed);
  if (old != nullptr && (before & bit) != 0) old->sa_flags &= ~SA_ONSTACK;
  return 0;
}

RT0_EXPORT int sigaction(int signal, const struct sigaction* wanted, struct sigaction* old) {
  return __sigaction(signal, wanted, old);
}
