// The running goroutine's locale. musl reads it at %fs:TCB_LOCALE: each goroutine has its own, as a thread
// has.
#include <locale.h>

#include "rt0/arch.h"
#include "runtime/base/export.h"
#include "runtime/libc/musl_abi.h"
#include "runtime/sched/g.h"

RT0_EXPORT locale_t uselocale(locale_t l) noexcept {
  void*& mine = rt0::getg()->tcb.locale;
  void* const global = &__libc.global_locale;
  void* const before = mine;
  if (l != nullptr) mine = l == LC_GLOBAL_LOCALE ? global : l;
  return before == global ? LC_GLOBAL_LOCALE : static_cast<locale_t>(before);
}

// libstdc++.a's name.
RT0_EXPORT locale_t __uselocale(locale_t) noexcept __attribute__((alias("uselocale")));
