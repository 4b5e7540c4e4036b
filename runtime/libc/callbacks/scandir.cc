// scandir, whose filter and order may throw: what was read is freed then, and the folder closed.
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <cstddef>

#include "runtime/base/export.h"

namespace {

struct entries {
  DIR* dir;
  dirent** list = nullptr;
  std::size_t count = 0, room = 0;

  ~entries() {
    for (std::size_t i = 0; i < count; i++) free(list[i]);
    free(list);
    if (dir == nullptr) return;
    const int kept = errno;
    closedir(dir);
    errno = kept;
  }

  bool add(const dirent* entry) {
    if (count == room) {
      const std::size_t more = room == 0 ? 16 : 2 * room;
      auto* longer = static_cast<dirent**>(reallocarray(list, more, sizeof *list));
      if (longer == nullptr) return false;
      list = longer;
      room = more;
    }
    auto* copy = static_cast<dirent*>(malloc(entry->d_reclen));
    if (copy == nullptr) return false;
    list[count++] = static_cast<dirent*>(memcpy(copy, entry, entry->d_reclen));
    return true;
  }
};

}  // namespace

RT0_EXPORT int scandir(const char* path, dirent*** list, int (*wanted)(const dirent*),
                       int (*order)(const dirent**, const dirent**)) {
  entries found{opendir(path)};
  if (found.dir == nullptr) return -1;
  const int kept = errno;
  errno = 0;
  while (const dirent* entry = readdir(found.dir)) {
    if (wanted != nullptr && wanted(entry) == 0) continue;
    if (!found.add(entry)) return -1;
    errno = 0;  // the filter may have set it
  }
  if (errno != 0) return -1;
  errno = kept;
  if (order != nullptr && found.count > 1) {
    qsort(found.list, found.count, sizeof *found.list,
          reinterpret_cast<int (*)(const void*, const void*)>(order));
  }
  const auto count = static_cast<int>(found.count);
  *list = found.list;
  found.list = nullptr;
  found.count = 0;
  return count;
}

// The name under -D_FILE_OFFSET_BITS=64.
RT0_EXPORT int scandir64(const char*, dirent64***, int (*)(const dirent64*),
                         int (*)(const dirent64**, const dirent64**)) __attribute__((alias("scandir")));
