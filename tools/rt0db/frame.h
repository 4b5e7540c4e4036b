// One frame of one goroutine, as the reading of its variables needs it: where it is, its registers, memory.
//
// Who walks stacks implements it (a session, a test). Nothing here knows whether the process is stopped or
// dead, nor how it was unwound. Registers have DWARF's numbers (psABI 3.6.2): 0 to 15 rax rdx rcx rbx rsi rdi
// rbp rsp r8..r15, 16 the return address, 17 to 32 xmm0..15, 49 rflags.
#pragma once
#include <cstddef>
#include <cstdint>

namespace rt0db {

class frame {
 public:
  virtual ~frame() = default;

  // In the file's addresses; in the call, for a frame that waits for one.
  virtual std::uintptr_t pc() const = 0;
  // Of symbols::at(pc()), which place it is: 0 is the innermost inlined function.
  virtual std::size_t place() const = 0;
  // A register as it is in this frame. False: it is not known (a call may have changed it).
  virtual bool get_register(int number, std::uint64_t* into) const = 0;
  virtual bool get_vector(int number, std::byte (&into)[16]) const = 0;
  // rsp before the call of this function; false: it has no caller.
  virtual bool cfa(std::uintptr_t* into) const = 0;
  // The frame that called this function, for what it passed; nullptr: unknown. It lives as long as this.
  virtual const frame* caller() const = 0;
  // Its pc is at an instruction that was not executed yet, not in a call.
  virtual bool innermost() const = 0;

  // The file's addresses are that much further up in the process.
  virtual std::uintptr_t bias() const = 0;
  // %fs's base while the goroutine runs, which is its G; 0: it has none.
  virtual std::uintptr_t thread_pointer() const = 0;
  virtual bool read(std::uintptr_t address, void* into, std::size_t bytes) const = 0;
  // False: it cannot be written to.
  virtual bool write(std::uintptr_t address, const void* from, std::size_t bytes) const = 0;
  virtual bool set_register(int number, std::uint64_t value) const = 0;

  template <class T>
  bool read(std::uintptr_t address, T* into) const {
    return read(address, static_cast<void*>(into), sizeof(T));
  }
};

}  // namespace rt0db
