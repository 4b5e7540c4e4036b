// pthread_exit and rt::goexit: a forced unwind, so that destructors run and catch (...) sees
// abi::__forced_unwind (Itanium C++ ABI).
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include <unwind.h>

#include <new>

#include "rt/abi/go.h"
#include "runtime/base/export.h"
#include "runtime/libc/members/core_abi.h"

namespace {

template <void (*End)(void*)>
_Unwind_Reason_Code stop_at_end(int, _Unwind_Action actions, _Unwind_Exception_Class, _Unwind_Exception*,
                                _Unwind_Context*, void* result) {
  if (actions & _UA_END_OF_STACK) End(result);
  return _URC_NO_REASON;
}

// A catch (...) ended without rethrow.
void swallowed(_Unwind_Reason_Code, _Unwind_Exception*) {
  constexpr char line[] = "FATAL: exception not rethrown\n";
  (void)!write(STDERR_FILENO, line, sizeof line - 1);
  abort();
}

// The room for the exception is not on the stack, which is used anew from the first frame with a destructor
// on.
template <void (*End)(void*)>
[[noreturn]] void unwind_all(void* result) {
  static_assert(sizeof(_Unwind_Exception) <= 32);
  auto* unwind = new (rt0_unwind_room()) _Unwind_Exception{};
  unwind->exception_cleanup = swallowed;
  _Unwind_ForcedUnwind(unwind, stop_at_end<End>, result);
  End(result);  // the unwinder found no frame
  abort();
}

void end_goroutine(void*) { rt0_goroutine_end(); }

}  // namespace

RT0_EXPORT void pthread_exit(void* result) { unwind_all<rt0_thread_end>(result); }
RT0_EXPORT void rt0_go_exit() { unwind_all<end_goroutine>(nullptr); }
