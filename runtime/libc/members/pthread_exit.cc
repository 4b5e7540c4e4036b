// pthread_exit and rt::goexit: a forced unwind, so that destructors run and catch (...) sees
// abi::__forced_unwind (Itanium C++ ABI).
//
// C's pthread_cleanup_push, compiled without -fexceptions, leaves a jmp_buf in its frame instead of something
// that the unwinder would run. Such a frame is recognized when the unwinding comes to it, and entered by
// longjmp; the handler runs there, and __pthread_unwind_next begins the rest of the unwinding anew. So C's
// handlers and C++'s destructors run in the order of their frames (glibc's unwind.c does the same). Where the
// unwinder finds no frame, in C code without tables, the handlers still run.
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <unistd.h>
#include <unwind.h>

#include <new>

#include "rt/abi/go.h"
#include "rt0/arch.h"
#include "runtime/base/export.h"
#include "runtime/libc/members/cleanup_buffer.h"
#include "runtime/libc/members/core_abi.h"
#include "runtime/libc/pthread/cancel.h"
#include "runtime/sched/g.h"

namespace rt0::libc {
namespace {

// While the unwinding stands in a frame, this is its stack pointer: libgcc's CFA of a context is that of the
// frame called from it.
bool belongs_to(const cleanup_buffer& buffer, _Unwind_Context* context) {
  return _Unwind_GetCFA(context) >= buffer.sp;
}

[[noreturn]] void end(const thread_state& self) {
  const bool goexit = (self.cancel.load(std::memory_order_relaxed) & cancel_goexit) != 0;
  goexit ? rt0_goroutine_end() : rt0_thread_end(self.result);
}

_Unwind_Reason_Code stop(int, _Unwind_Action actions, _Unwind_Exception_Class, _Unwind_Exception*,
                         _Unwind_Context* context, void*) {
  thread_state& self = getg()->thread;
  const bool at_end = (actions & _UA_END_OF_STACK) != 0;
  auto* top = static_cast<cleanup_buffer*>(self.cleanups);
  if (top != nullptr && (at_end || belongs_to(*top, context))) {
    self.cleanups = top->outer();  // before its handler, which may call pthread_exit
    longjmp(&top->buffer, 1);
  }
  if (at_end) end(self);
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
[[noreturn]] void unwind_rest() {
  static_assert(sizeof(_Unwind_Exception) <= 32);
  auto* unwind = new (rt0_unwind_room()) _Unwind_Exception{};
  unwind->exception_cleanup = swallowed;
  _Unwind_ForcedUnwind(unwind, stop, nullptr);
  end(getg()->thread);  // the unwinder found no frame
}

}  // namespace
}  // namespace rt0::libc

RT0_EXPORT void pthread_exit(void* result) {
  rt0::thread_state& self = rt0::getg()->thread;
  self.result = result;
  self.cancel.fetch_or(rt0::libc::cancel_ending, std::memory_order_relaxed);
  rt0::libc::unwind_rest();
}

RT0_EXPORT void rt0_go_exit() {
  rt0::getg()->thread.cancel.fetch_or(rt0::libc::cancel_goexit, std::memory_order_relaxed);
  pthread_exit(nullptr);
}

// The macro's own code, after the handler ran because a thread ends.
RT0_EXPORT void __pthread_unwind_next(__pthread_unwind_buf_t*) { rt0::libc::unwind_rest(); }
