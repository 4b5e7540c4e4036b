// The system calls whose child cannot return: clone.S.
#pragma once

namespace rt0 {

extern "C" {
// clone(2) with these flags. The child starts in rt0_mstart on the stack that ends at stack_hi, with %fs = fs
// (CLONE_SETTLS) and %gs = gs. Returns the child's id in the parent, or -errno.
long rt0_clone(unsigned long flags, void* stack_hi, int* parent_tid, void* fs, void* gs);
// clone(2) with these flags. The child calls fn(arg), which never returns, on the stack that ends at
// stack_hi. Returns the child's id in the parent, or -errno.
long rt0_clone_vfork(unsigned long flags, void* stack_hi, void (*fn)(void*), void* arg);
}

}  // namespace rt0
