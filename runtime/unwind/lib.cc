// What the private copies of libgcc's unwinder and of libbacktrace ask of a C library (third_party/private):
// straight from the kernel, without a lock, without errno's meaning anything. They run while everything else
// stands still, perhaps in the middle of malloc.
#include <stddef.h>
#include <sys/types.h>

#include "runtime/unwind/report_stack.h"
#include "sys/mem.h"

namespace rt0 {
namespace {

constinit int lib_errno = 0;

}  // namespace

extern "C" {

int* rt0_lib___errno_location() { return &lib_errno; }

// Of anonymous memory only.
void* rt0_lib_mmap(void*, size_t bytes, int, int, int, off_t) {
  const auto memory = sys::map(bytes, sys::map_kind::heap);
  return memory.ok() ? memory.value() : reinterpret_cast<void*>(-1);
}
int rt0_lib_munmap(void* at, size_t bytes) { return sys::unmap(at, bytes).ok() ? 0 : -1; }
int rt0_lib_getpagesize() { return static_cast<int>(sys::page_bytes); }

// The text of an error, which nobody reads.
int rt0_lib_snprintf(char* to, size_t bytes, const char*, ...) {
  if (bytes != 0) *to = 0;
  return 0;
}

int rt0_lib_strcmp(const char* a, const char* b) {
  while (*a != 0 && *a == *b) a++, b++;
  return static_cast<unsigned char>(*a) - static_cast<unsigned char>(*b);
}
size_t rt0_lib_strnlen(const char* s, size_t most) {
  size_t n = 0;
  while (n < most && s[n] != 0) n++;
  return n;
}

// libgcc's, for tables that a program registers by itself: not here.
void* rt0_lib_malloc(size_t) { return nullptr; }
void rt0_lib_free(void*) {}
// An impossible table: what is being walked is no stack.
[[noreturn]] void rt0_lib_abort() { give_up_walk(); }
}

}  // namespace rt0
