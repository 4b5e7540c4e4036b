// pthread_attr_setaffinity_np and pthread_attr_getaffinity_np: the set is kept on the heap until
// pthread_attr_destroy.
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>

#include "runtime/base/export.h"
#include "runtime/libc/pthread/thread.h"

using rt0::libc::rep;

namespace {

constexpr std::size_t max_bytes = 4096;  // of a set: 32,768 CPUs

}  // namespace

RT0_EXPORT int pthread_attr_setaffinity_np(pthread_attr_t* attr, size_t bytes, const cpu_set_t* cpus) {
  auto& at = rep(attr);
  if (bytes == 0) {
    free(at.cpus);
    at.cpus = nullptr;
    at.cpu_bytes = 0;
    return 0;
  }
  if (bytes > max_bytes) return EINVAL;
  void* kept = realloc(at.cpus, bytes);
  if (kept == nullptr) return ENOMEM;
  memcpy(kept, cpus, bytes);
  at.cpus = kept;
  at.cpu_bytes = static_cast<std::int16_t>(bytes);
  return 0;
}

// Without a set: all CPUs. A set that does not fit is refused unless the rest of it is empty, as glibc does.
RT0_EXPORT int pthread_attr_getaffinity_np(const pthread_attr_t* attr, size_t bytes, cpu_set_t* cpus) {
  const auto& at = rep(attr);
  if (at.cpus == nullptr) {
    memset(cpus, -1, bytes);
    return 0;
  }
  const auto* kept = static_cast<const char*>(at.cpus);
  const auto kept_bytes = static_cast<std::size_t>(at.cpu_bytes);
  if (std::any_of(kept + std::min(bytes, kept_bytes), kept + kept_bytes, [](char c) { return c != 0; }))
    return EINVAL;
  memset(cpus, 0, bytes);
  memcpy(cpus, kept, std::min(bytes, kept_bytes));
  return 0;
}
