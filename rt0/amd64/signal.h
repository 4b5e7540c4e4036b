// The signal trampoline of signal.S, and what a handler reads and writes of the interrupted code.
#pragma once
#include <cstddef>
#include <cstdint>

#include "rt0/amd64/open_syscall.h"
#include "rt0/amd64/preempt.h"
#include "rt0/layout.h"

namespace rt0 {

extern "C" {
// The handler that the runtime installs: raises m->insig and calls rt0_sighandler.
void rt0_sigtramp(int signal, void* info, void* ucontext);
// Its restorer (SA_RESTORER). Never called.
void rt0_sigreturn();
}

// A word of the kernel's ucontext (asm/ucontext.h, asm/sigcontext.h).
inline std::uintptr_t& context_word(void* ucontext, std::size_t offset) noexcept {
  return *reinterpret_cast<std::uintptr_t*>(static_cast<std::byte*>(ucontext) + offset);
}
inline std::uintptr_t& interrupted_pc(void* ucontext) noexcept { return context_word(ucontext, UC_RIP); }
inline std::uintptr_t& interrupted_sp(void* ucontext) noexcept { return context_word(ucontext, UC_RSP); }

// The signal mask that the interrupted code has again when the handler returns.
inline std::uint64_t& interrupted_mask(void* ucontext) noexcept { return context_word(ucontext, UC_SIGMASK); }

// The code is between rt0_open_syscall's look at the goroutine's attention and the kernel's taking the call,
// or the kernel is about to restart it: nullptr, or what the call is open to.
inline std::uintptr_t* open_syscall_at(void* ucontext) noexcept {
  const auto begin = reinterpret_cast<std::uintptr_t>(rt0_open_syscall_begin);
  const auto end = reinterpret_cast<std::uintptr_t>(rt0_open_syscall_end);
  return interrupted_pc(ucontext) - begin < end - begin ? &context_word(ucontext, UC_RBX) : nullptr;
}
// It answers -EINTR instead.
inline void refuse_open_syscall(void* ucontext) noexcept {
  interrupted_pc(ucontext) = reinterpret_cast<std::uintptr_t>(rt0_open_syscall_refused);
}

// Stack that an injected call takes before it reaches C++.
inline std::size_t asyncpreempt_stack_bytes() noexcept {
  return PREEMPT_ENTRY_BYTES + 16 + PREEMPT_GPR_BYTES + XSTATE_ALIGN + rt0_xstate_bytes;
}

// When the handler has returned, the interrupted code calls rt0_asyncpreempt. It may use the 128 bytes below
// its sp (psABI, "red zone"), so the call's frame begins under them.
inline void inject_asyncpreempt(void* ucontext) noexcept {
  std::uintptr_t& sp = interrupted_sp(ucontext);
  std::uintptr_t& pc = interrupted_pc(ucontext);
  sp -= PREEMPT_ENTRY_BYTES;
  *reinterpret_cast<std::uintptr_t*>(sp) = pc;
  pc = reinterpret_cast<std::uintptr_t>(&rt0_asyncpreempt);
}

}  // namespace rt0
