// statvfs: what statfs says, in POSIX's words.
#include <string.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "runtime/base/export.h"

namespace {

int translate(int result, const struct statfs& in, struct statvfs* out) noexcept {
  if (result != 0) return result;
  constexpr unsigned long kernel_says_valid = 0x20;  // ST_VALID, of f_flags
  *out = {};
  out->f_bsize = static_cast<unsigned long>(in.f_bsize);
  out->f_frsize = static_cast<unsigned long>(in.f_frsize != 0 ? in.f_frsize : in.f_bsize);
  out->f_blocks = in.f_blocks;
  out->f_bfree = in.f_bfree;
  out->f_bavail = in.f_bavail;
  out->f_files = in.f_files;
  out->f_ffree = in.f_ffree;
  out->f_favail = in.f_ffree;
  unsigned long id;
  static_assert(sizeof id == sizeof in.f_fsid);
  memcpy(&id, &in.f_fsid, sizeof id);
  out->f_fsid = id;
  out->f_flag = static_cast<unsigned long>(in.f_flags) & ~kernel_says_valid;
  out->f_namemax = static_cast<unsigned long>(in.f_namelen);
  return 0;
}

}  // namespace

RT0_EXPORT int statvfs(const char* path, struct statvfs* out) noexcept {
  struct statfs in;
  const int result = statfs(path, &in);
  return translate(result, in, out);
}

RT0_EXPORT int fstatvfs(int fd, struct statvfs* out) noexcept {
  struct statfs in;
  const int result = fstatfs(fd, &in);
  return translate(result, in, out);
}

// The names under -D_FILE_OFFSET_BITS=64.
RT0_EXPORT int statvfs64(const char*, struct statvfs64*) noexcept __attribute__((alias("statvfs")));
RT0_EXPORT int fstatvfs64(int, struct statvfs64*) noexcept __attribute__((alias("fstatvfs")));
