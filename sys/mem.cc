#include "sys/mem.h"

#include <sys/mman.h>
#include <sys/syscall.h>

namespace rt0::sys {

ret<void*> map(std::size_t bytes, map_kind kind) noexcept {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (kind == map_kind::stack ? MAP_STACK : 0);
  return ret<void*>::from_raw(
      raw_syscall(SYS_mmap, 0, static_cast<long>(bytes), PROT_READ | PROT_WRITE, flags, -1, 0));
}

ret<int> unmap(void* at, std::size_t bytes) noexcept {
  return ret<int>::from_raw(raw_syscall(SYS_munmap, reinterpret_cast<long>(at), static_cast<long>(bytes)));
}

ret<int> protect(void* at, std::size_t bytes, access a) noexcept {
  const int prot = a == access::none ? PROT_NONE : a == access::read ? PROT_READ : PROT_READ | PROT_WRITE;
  return ret<int>::from_raw(
      raw_syscall(SYS_mprotect, reinterpret_cast<long>(at), static_cast<long>(bytes), prot));
}

ret<int> advise(void* at, std::size_t bytes, advice a) noexcept {
  constexpr int madv_guard_install = 102;  // Linux 6.13; not in Debian 12's headers
  const int code = a == advice::dont_need      ? MADV_DONTNEED
                   : a == advice::no_huge_page ? MADV_NOHUGEPAGE
                                               : madv_guard_install;
  return ret<int>::from_raw(
      raw_syscall(SYS_madvise, reinterpret_cast<long>(at), static_cast<long>(bytes), code));
}

ret<void*> remap(void* at, std::size_t old_bytes, std::size_t new_bytes, bool may_move) noexcept {
  return ret<void*>::from_raw(raw_syscall(SYS_mremap, reinterpret_cast<long>(at),
                                          static_cast<long>(old_bytes), static_cast<long>(new_bytes),
                                          may_move ? MREMAP_MAYMOVE : 0));
}

}  // namespace rt0::sys
