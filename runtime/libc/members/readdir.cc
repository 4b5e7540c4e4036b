// readdir: musl's, but the call that fills its buffer lets the P go.
#include <dirent.h>
#include <errno.h>
#include <sys/syscall.h>

#include <type_traits>

#include "runtime/base/export.h"
#include "runtime/libc/members/blocking_call.h"
#include "runtime/libc/musl_abi.h"

RT0_EXPORT dirent64* readdir64(DIR* stream) {
  auto* dir = reinterpret_cast<rt0::libc::musl_dir*>(stream);
  if (dir->at_bytes >= dir->end_bytes) {
    const long got = rt0::libc::blocking_call(SYS_getdents64, dir->fd, dir->buf, sizeof dir->buf);
    if (got <= 0) {
      if (got < 0 && got != -ENOENT)
        errno = static_cast<int>(-got);  // ENOENT: the folder is gone, and so empty
      return nullptr;
    }
    dir->at_bytes = 0;
    dir->end_bytes = static_cast<int>(got);
  }
  auto* entry = reinterpret_cast<dirent64*>(dir->buf + dir->at_bytes);
  dir->at_bytes += entry->d_reclen;
  dir->position = entry->d_off;
  return entry;
}

RT0_EXPORT dirent* readdir(DIR* stream) {
  static_assert(sizeof(dirent) == sizeof(dirent64));  // LP64
  return reinterpret_cast<dirent*>(readdir64(stream));
}
