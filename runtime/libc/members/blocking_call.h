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

template <class... Arguments>
long blocking_call(long nr, Arguments... arguments) {
  static_assert(sizeof...(Arguments) <= 6);
  const long words[6] = {as_word(arguments)...};
  return __syscall_cp(nr, words[0], words[1], words[2], words[3], words[4], words[5]);
}

template <class... Arguments>
long blocking_call_errno(long nr, Arguments... arguments) {
  return __syscall_ret(static_cast<unsigned long>(blocking_call(nr, arguments...)));
}

}  // namespace rt0::libc
