// A system call that may block, for members that musl would make by a bare instruction: the goroutine
// parks, not its M.
#pragma once

extern "C" {
// The core's; -errno on failure.
[[gnu::visibility("hidden")]] long __syscall_cp(long nr, long, long, long, long, long, long);
// musl's: -errno becomes -1 and errno.
[[gnu::visibility("hidden")]] long __syscall_ret(unsigned long);
}

namespace rt0::libc {

template <class A>
long as_word(A a) noexcept {
  return (long)a;  // a pointer or an integer
}

template <class A = long, class B = long, class C = long, class D = long>
long blocking_call(long nr, A a = {}, B b = {}, C c = {}, D d = {}) {
  return __syscall_cp(nr, as_word(a), as_word(b), as_word(c), as_word(d), 0, 0);
}

template <class A = long, class B = long, class C = long, class D = long>
long blocking_call_errno(long nr, A a = {}, B b = {}, C c = {}, D d = {}) {
  return __syscall_ret(static_cast<unsigned long>(blocking_call(nr, a, b, c, d)));
}

}  // namespace rt0::libc
