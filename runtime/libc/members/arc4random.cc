// arc4random and its family (glibc 2.36): random bytes that nobody can predict, straight from the kernel.
//
// std::random_device of libstdc++ 12 uses it. Rejected: a generator in user space, which would have to be
// reseeded in a forked child and kept per M; a call costs 0.3 us.
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "runtime/base/export.h"

RT0_EXPORT void arc4random_buf(void* to, std::size_t bytes) noexcept {
  auto* p = static_cast<char*>(to);
  while (bytes != 0) {
    const ssize_t n = getrandom(p, bytes, 0);
    if (n < 0 && errno != EINTR) {
      constexpr char line[] = "rt0: the kernel gives no random bytes (getrandom)\n";
      (void)!write(STDERR_FILENO, line, sizeof line - 1);
      abort();
    }
    if (n <= 0) continue;
    p += n;
    bytes -= static_cast<std::size_t>(n);
  }
}

RT0_EXPORT std::uint32_t arc4random() noexcept {
  std::uint32_t n;
  arc4random_buf(&n, sizeof n);
  return n;
}

// In [0, bound), each equally likely; 0 for bounds below 2. Lemire, "Fast Random Integer Generation in an
// Interval": the product's high word is the answer, unless its low word falls into the part that would
// favour some answers.
RT0_EXPORT std::uint32_t arc4random_uniform(std::uint32_t bound) noexcept {
  if (bound < 2) return 0;
  const std::uint32_t unfair = -bound % bound;
  for (;;) {
    const std::uint64_t product = std::uint64_t{arc4random()} * bound;
    if (static_cast<std::uint32_t>(product) >= unfair) return static_cast<std::uint32_t>(product >> 32);
  }
}
