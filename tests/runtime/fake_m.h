// Lets the core's rooms run hosted, under glibc, for unit tests: their locks count in m->locks, which is a
// word at %gs. Each thread of such a test makes one fake_m first.
#pragma once
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>

#include "rt0/layout.h"

struct fake_m {
  alignas(64) unsigned char bytes[512] = {};

  fake_m() {
    void* self = this;
    std::memcpy(bytes + M_SELF, &self, sizeof(self));
    syscall(SYS_arch_prctl, ARCH_SET_GS, this);
  }
  void set_locks(std::int32_t n) { std::memcpy(bytes + M_LOCKS, &n, sizeof(n)); }
  // The P's heap cache, or none.
  void set_cache(void* cache) { std::memcpy(bytes + M_MCACHE, &cache, sizeof(cache)); }
  // 0 when no lock is held.
  std::int32_t locks() const {
    std::int32_t n;
    std::memcpy(&n, bytes + M_LOCKS, sizeof(n));
    return n;
  }
};
