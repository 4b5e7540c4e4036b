// pthread_once. std::call_once throws through it (traps T9), and libgcc's unwinder calls it, weakly, so it
// must be in every program and cannot be compiled with exceptions, which would bring libstdc++ into every
// program: once.S makes the call, and this file's personality routine sees an exception pass.
#include <pthread.h>

#include <cstdint>

#include "rt0/arch.h"
#include "rt0/upcalls.h"
#include "runtime/base/export.h"
#include "runtime/sync/once_word.h"

// libgcc's. Whoever unwinds has it linked.
extern "C" [[gnu::weak]] std::uintptr_t _Unwind_GetGR(void* context, int number);

using namespace rt0;

extern "C" int rt0::rt0_once_personality(int, int actions, std::uint64_t, void*, void* context) {
  constexpr int cleanup_phase = 2, continue_unwind = 8;  // _UA_CLEANUP_PHASE, _URC_CONTINUE_UNWIND
  if ((actions & cleanup_phase) != 0) {
    as_once(reinterpret_cast<std::uint32_t*>(_Unwind_GetGR(context, once_register))).end(false);
  }
  return continue_unwind;
}

RT0_EXPORT int pthread_once(pthread_once_t* control, void (*fn)()) {
  static_assert(sizeof *control == sizeof(once_word));
  auto* word = reinterpret_cast<std::uint32_t*>(control);
  if (!as_once(word).begin()) return 0;
  rt0_call_once(fn, word);
  as_once(word).end(true);
  return 0;
}
