#include "runtime/libc/libc_fork.h"

#include <atomic>

#include "rt0/arch.h"
#include "runtime/libc/libc_start.h"
#include "runtime/libc/stdio_lock.h"

extern "C" {
// musl's own list (fork.lo): each is there if the program links the table. The list of FILEs has functions of
// its own.
[[gnu::weak, gnu::visibility("hidden")]] extern volatile int* const __gettext_lockptr;
[[gnu::weak, gnu::visibility("hidden")]] extern volatile int* const __locale_lockptr;
[[gnu::weak, gnu::visibility("hidden")]] extern volatile int* const __random_lockptr;
[[gnu::weak, gnu::visibility("hidden")]] extern volatile int* const __syslog_lockptr;
[[gnu::weak, gnu::visibility("hidden")]] extern volatile int* const __timezone_lockptr;
[[gnu::weak, gnu::visibility("hidden")]] rt0::libc::musl_file** __ofl_lock();
[[gnu::weak, gnu::visibility("hidden")]] void __ofl_unlock();

void __lock(volatile int*) noexcept;
void __unlock(volatile int*) noexcept;
}

namespace rt0::libc {
namespace {

// No function of musl takes one of them while it holds another.
template <class F>
void for_each_table(F&& f) noexcept {
  for (volatile int* const* lock : {&__gettext_lockptr, &__locale_lockptr, &__random_lockptr,
                                    &__syslog_lockptr, &__timezone_lockptr}) {
    if (lock != nullptr) f(*lock);
  }
}

}  // namespace

musl_file** libc_fork_prepare() noexcept {
  for_each_table([](volatile int* lock) { __lock(lock); });
  return __ofl_lock != nullptr ? __ofl_lock() : nullptr;
}

void libc_fork_release() noexcept {
  if (__ofl_unlock != nullptr) __ofl_unlock();
  for_each_table([](volatile int* lock) { __unlock(lock); });
}

void libc_fork_child(musl_file** files) noexcept {
  for (int i = 0; i < 3; i++) {
    if (musl_file* f = standard_stream(i)) file_fork_child(f);
  }
  for (musl_file* f = files != nullptr ? *files : nullptr; f != nullptr; f = f->next) file_fork_child(f);
}

}  // namespace rt0::libc
