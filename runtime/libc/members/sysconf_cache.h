// _SC_LEVEL1_ICACHE_SIZE to _SC_LEVEL4_CACHE_LINESIZE.
#pragma once

namespace rt0::libc {

// Bytes, ways or bytes a line of one cache of this CPU; 0: there is none, or the CPU does not say.
long cache_value(int name) noexcept;

}  // namespace rt0::libc
