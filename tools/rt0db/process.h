// A process as the engine sees it, stopped or dead: threads with their registers, and memory.
//
// Two of them: live_process (ptrace) and core_process (a file). Both are used by snapshot.cc, once, and are
// not needed afterwards: what unwinding and printing take was copied out.
#pragma once
#include <sys/types.h>
#include <sys/user.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace rt0db {

struct thread {
  pid_t tid;
  user_regs_struct registers;
};

// One range to be copied; into nullptr afterwards: it could not be.
struct piece {
  std::uintptr_t address;
  std::byte* into;
  std::size_t bytes;
};

class process {
 public:
  virtual ~process() = default;

  // Between the two it stands still. What is read before is a guess.
  virtual void stop() {}
  virtual void resume() noexcept {}

  virtual std::span<const thread> threads() const = 0;
  virtual std::uintptr_t bias() const = 0;
  // CLOCK_MONOTONIC when it was stopped; 0: nobody knows.
  virtual std::int64_t stopped_at_ns() const = 0;
  virtual void read(std::span<piece> pieces) = 0;

  bool read(std::uintptr_t address, void* into, std::size_t bytes) {
    piece one{address, static_cast<std::byte*>(into), bytes};
    read(std::span(&one, 1));
    return one.into != nullptr;
  }
  template <class T>
  bool read(std::uintptr_t address, T* into) {
    return read(address, static_cast<void*>(into), sizeof(T));
  }
};

}  // namespace rt0db
