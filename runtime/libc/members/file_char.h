// One character in or out of a FILE, under its lock: what putc, fputc, putchar, getc, fgetc and getchar
// share.
//
// In place of six members of musl that have the futex of a FILE's lock inline.
#pragma once
#define __NO_INLINE__ 1  // else <stdio.h> holds bodies of getchar and putchar, which are defined here
#include "runtime/libc/musl_abi.h"

extern "C" {
int __lockfile(rt0::libc::musl_file*) noexcept;
void __unlockfile(rt0::libc::musl_file*) noexcept;
}

namespace rt0::libc {

// Holds a FILE for a scope: not if musl made it private to one function, nor if this goroutine holds it
// (flockfile).
class file_guard {
 public:
  explicit file_guard(musl_file* f) noexcept
      : f_(f),
        taken_(static_cast<int>(__atomic_load_n(&f->lock, __ATOMIC_RELAXED)) >= 0 && __lockfile(f) != 0) {}
  ~file_guard() {
    if (taken_) __unlockfile(f_);
  }
  file_guard(const file_guard&) = delete;

 private:
  musl_file* f_;
  bool taken_;
};

// May park, for the lock or the descriptor. EOF on error. (__overflow and __uflow are musl's, under glibc's
// declarations.)
inline int put_char(int c, FILE* file) {
  musl_file* f = insides(file);
  const auto byte = static_cast<unsigned char>(c);
  file_guard hold(f);
  if (byte == f->line_end || f->wpos == f->wend) return __overflow(file, byte);
  return *f->wpos++ = byte;
}

inline int get_char(FILE* file) {
  musl_file* f = insides(file);
  file_guard hold(f);
  return f->rpos != f->rend ? *f->rpos++ : __uflow(file);
}

}  // namespace rt0::libc
