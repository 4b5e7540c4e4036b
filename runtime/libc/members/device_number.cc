// major, minor and makedev of glibc's <sys/sysmacros.h>, where the compiler does not inline them. Linux: 12
// bits of major and 20 of minor, then the high parts of each.
#include <sys/types.h>

#include "runtime/base/export.h"

RT0_EXPORT unsigned gnu_dev_major(unsigned long device) noexcept {
  return static_cast<unsigned>((device >> 8 & 0xfff) | (device >> 32 & 0xfffff000));
}
RT0_EXPORT unsigned gnu_dev_minor(unsigned long device) noexcept {
  return static_cast<unsigned>((device & 0xff) | (device >> 12 & 0xffffff00));
}
RT0_EXPORT unsigned long gnu_dev_makedev(unsigned major, unsigned minor) noexcept {
  const unsigned long x = major, y = minor;
  return (x & 0xfff) << 8 | (x & 0xfffff000) << 32 | (y & 0xff) | (y & 0xffffff00) << 12;
}
