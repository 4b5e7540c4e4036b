// gobuf: where a goroutine that does not run goes on. Go's runtime2.go gobuf; read and written by switch.S.
#pragma once
#include <cstddef>
#include <cstdint>

#include "rt0/layout.h"

namespace rt0 {

struct g;

struct gobuf {
  std::uintptr_t sp;
  std::uintptr_t pc;  // a label of switch.S: every way off a stack pushes the callee-saved registers first
  rt0::g* g;
  void* ctxt;          // first-run argument (Go's closure context), handed over in %rdx
  std::uintptr_t ret;  // handed over in %rax
  std::uintptr_t bp;
};

static_assert(offsetof(gobuf, sp) == GOBUF_SP && offsetof(gobuf, pc) == GOBUF_PC &&
              offsetof(gobuf, g) == GOBUF_G);
static_assert(offsetof(gobuf, ctxt) == GOBUF_CTXT && offsetof(gobuf, ret) == GOBUF_RET);
static_assert(offsetof(gobuf, bp) == GOBUF_BP && sizeof(gobuf) == GOBUF_SIZE);

}  // namespace rt0
