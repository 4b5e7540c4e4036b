// <ucontext.h> for glibc's ucontext_t: stacks of the program's own inside a goroutine (libcrypto's ASYNC, old
// coroutines).
//
// A context may park as any code may, and be set from another thread; it is the thread that runs it that
// counts, as in glibc. It is not made to give way while it spins, since its stack is none that the scheduler
// knows. The registers are kept by rt0/amd64/members/ucontext.S.
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <ucontext.h>

#include <cstddef>
#include <cstdint>

#include "rt0/layout.h"
#include "runtime/base/export.h"

static_assert(offsetof(ucontext_t, uc_mcontext.gregs[REG_R8]) == UC_R8 && REG_R8 == 0 && REG_RIP == 16);
static_assert(offsetof(ucontext_t, uc_mcontext.fpregs) == UC_FPREGS);
static_assert(offsetof(ucontext_t, __fpregs_mem) == UC_FPSTATE);
static_assert(offsetof(ucontext_t, __fpregs_mem.mxcsr) == UC_MXCSR);

extern "C" {
[[gnu::visibility("hidden"), noreturn]] void rt0_ucontext_load(const ucontext_t*);
[[gnu::visibility("hidden")]] void rt0_ucontext_return();

// What the assembly goes on with.
[[gnu::visibility("hidden")]] int rt0_ucontext_got(ucontext_t* context) {
  return pthread_sigmask(SIG_BLOCK, nullptr, &context->uc_sigmask);
}
[[gnu::visibility("hidden")]] int rt0_ucontext_swap(ucontext_t* save, const ucontext_t* go) {
  pthread_sigmask(SIG_SETMASK, &go->uc_sigmask, &save->uc_sigmask);
  rt0_ucontext_load(go);
}
[[gnu::visibility("hidden"), noreturn]] void rt0_ucontext_end(const ucontext_t* link) {
  if (link != nullptr) setcontext(link);
  exit(0);  // as glibc's
}
}

RT0_EXPORT int setcontext(const ucontext_t* go) noexcept {
  pthread_sigmask(SIG_SETMASK, &go->uc_sigmask, nullptr);
  rt0_ucontext_load(go);
}

// Six arguments go in registers, the rest above the return address.
RT0_EXPORT void makecontext(ucontext_t* context, void (*function)(), int count, ...) noexcept {
  constexpr int registers[] = {REG_RDI, REG_RSI, REG_RDX, REG_RCX, REG_R8, REG_R9};
  constexpr int in_registers = 6;
  auto& gregs = context->uc_mcontext.gregs;
  const auto end = reinterpret_cast<std::uintptr_t>(context->uc_stack.ss_sp) + context->uc_stack.ss_size;
  const int above = count > in_registers ? count - in_registers : 0;
  auto* sp =
      reinterpret_cast<long*>((end - static_cast<std::size_t>(above) * sizeof(long)) & -std::uintptr_t{16});
  *--sp = reinterpret_cast<long>(rt0_ucontext_return);
  va_list list;
  va_start(list, count);
  for (int i = 0; i < count; i++) {
    const long word = va_arg(list, long);
    if (i < in_registers) {
      gregs[registers[i]] = word;
    } else {
      sp[1 + i - in_registers] = word;
    }
  }
  va_end(list);
  gregs[REG_RIP] = reinterpret_cast<long>(function);
  gregs[REG_RSP] = reinterpret_cast<long>(sp);
  gregs[REG_RBX] = reinterpret_cast<long>(context->uc_link);
  gregs[REG_RBP] = 0;
}
