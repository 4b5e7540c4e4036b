// strerror_r in both its types: g++ always defines _GNU_SOURCE, so glibc's headers promise one that returns
// the text; they give the POSIX one, which returns an errno, the other name. musl's strerror_r is the
// latter under the former's name (T15).
#include <errno.h>
#include <string.h>

#include <algorithm>

#include "runtime/base/export.h"

// musl's texts are constant: the buffer is not needed.
RT0_EXPORT char* strerror_r(int error, char*, std::size_t) noexcept { return strerror(error); }

RT0_EXPORT int __xpg_strerror_r(int error, char* buffer, std::size_t bytes) noexcept {
  const char* text = strerror(error);
  const std::size_t length = strlen(text);
  if (bytes == 0) return ERANGE;
  const std::size_t fits = std::min(length, bytes - 1);
  memcpy(buffer, text, fits);
  buffer[fits] = 0;
  return fits == length ? 0 : ERANGE;
}
