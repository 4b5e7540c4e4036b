// Source: Intel SDM, CPUID leaf 4; AMD64 APM 3, CPUID leaf 8000001Dh, of the same form.
#include "runtime/libc/members/sysconf_cache.h"

#include <cpuid.h>
#include <unistd.h>

#include <initializer_list>

namespace rt0::libc {
namespace {

// The names' order: three of each of these.
enum class wanted { l1_code, l1_data, l2, l3, l4 };
enum class property { bytes, ways, line_bytes };

struct cache {
  unsigned eax, ebx, ecx;

  // 0: the list ends. 1: data, 2: code, 3: both.
  unsigned kind() const noexcept { return eax & 31; }
  unsigned level() const noexcept { return eax >> 5 & 7; }
  long line_bytes() const noexcept { return (ebx & 0xfff) + 1; }
  long partitions() const noexcept { return (ebx >> 12 & 0x3ff) + 1; }
  long ways() const noexcept { return (ebx >> 22) + 1; }
  long sets() const noexcept { return ecx + 1l; }
};

bool is(const cache& c, wanted w) noexcept {
  switch (w) {
    case wanted::l1_code: return c.level() == 1 && (c.kind() & 2) != 0;
    case wanted::l1_data: return c.level() == 1 && (c.kind() & 1) != 0;
    default: return c.level() == static_cast<unsigned>(w);
  }
}
static_assert(static_cast<int>(wanted::l2) == 2 && static_cast<int>(wanted::l4) == 4);

long value_of(const cache& c, property p) noexcept {
  switch (p) {
    case property::bytes: return c.ways() * c.partitions() * c.line_bytes() * c.sets();
    case property::ways: return c.ways();
    default: return c.line_bytes();
  }
}

}  // namespace

long cache_value(int name) noexcept {
  const int index = name - _SC_LEVEL1_ICACHE_SIZE;
  const auto which = static_cast<wanted>(index / 3);
  const auto what = static_cast<property>(index % 3);
  constexpr unsigned intel = 4, amd = 0x8000001d, most = 16;
  for (unsigned leaf : {intel, amd}) {
    for (unsigned i = 0; i < most; i++) {
      cache c;
      unsigned edx;
      if (__get_cpuid_count(leaf, i, &c.eax, &c.ebx, &c.ecx, &edx) == 0 || c.kind() == 0) break;
      if (is(c, which)) return value_of(c, what);
    }
  }
  return 0;
}

}  // namespace rt0::libc
