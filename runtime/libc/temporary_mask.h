// ppoll's and the like's mask is the goroutine's, not the M's: another one while the call lasts.
#pragma once
#include <sys/syscall.h>

#include "runtime/libc/blocking.h"
#include "runtime/signal/mask.h"

namespace rt0::libc {

class temporary_mask {
 public:
  explicit temporary_mask(const sys::sigset* mask) noexcept : mask_(mask) {
    if (mask_ != nullptr) begin_mask(*mask_);
  }
  // A handler that ran has restored the old one. What the old one unblocks is delivered by the next look.
  ~temporary_mask() {
    if (mask_ != nullptr) end_mask();
  }
  temporary_mask(const temporary_mask&) = delete;

 private:
  const sys::sigset* const mask_;
};

// The mask among a call's arguments, which is taken out of them: the kernel must not set it. nullptr: none.
inline const sys::sigset* take_mask(long nr, call_args& x) noexcept {
  long* word = nullptr;
  switch (nr) {
    case SYS_ppoll: word = &x.d; break;
    case SYS_epoll_pwait:
    case SYS_epoll_pwait2: word = &x.e; break;
    case SYS_pselect6: word = &x.f; break;
    default: return nullptr;
  }
  const auto* mask = reinterpret_cast<const sys::sigset*>(*word);
  // pselect6's is a pointer to the pointer and the size.
  if (nr == SYS_pselect6 && mask != nullptr) mask = *reinterpret_cast<const sys::sigset* const*>(*word);
  *word = 0;
  return mask;
}

}  // namespace rt0::libc
