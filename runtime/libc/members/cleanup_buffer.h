// The __pthread_unwind_buf_t that glibc's pthread_cleanup_push declares in a C function's frame. What it
// jumps to was stored by musl's setjmp; the four words behind it are ours.
#pragma once
#include <pthread.h>
#include <setjmp.h>

#include <cstddef>
#include <cstdint>

namespace rt0::libc {

struct cleanup_buffer {
  union {
    __jmp_buf_tag buffer;
    struct {
      std::uint64_t registers[6];
      std::uint64_t sp;  // musl's place (setjmp.lo, objdump -d)
    };
  };
  // Inside the union's room: a __jmp_buf_tag is longer than what the macro declares, by a signal mask that it
  // never saves.
  static constexpr std::size_t pad_offset = offsetof(__pthread_unwind_buf_t, __pad);
  void*& outer() { return pad()[0]; }
  void*& type_before() { return pad()[1]; }

 private:
  void** pad() { return reinterpret_cast<void**>(reinterpret_cast<char*>(this) + pad_offset); }
};
static_assert(offsetof(cleanup_buffer, sp) == 48);

inline cleanup_buffer& insides(__pthread_unwind_buf_t* buffer) {
  return *reinterpret_cast<cleanup_buffer*>(buffer);
}

}  // namespace rt0::libc
