// walk: the frames of a stack, from any place in a program, by the tables that exceptions use.
//
// Who should use it: reports, and whoever wants to know where a goroutine is. It takes no lock and allocates
// nothing; it may meet anything, so it is called under guarded() (report_stack.h) unless the stack is known
// to be whole.
//
// The engine is libgcc's unwinder, a private copy (third_party/private): it is what every C++ program is
// tested with, in all of its exceptions, is quick (150 ns a frame), and costs 24 KB. rt0_unwind_from
// (rt0/amd64/unwind.S) makes it begin where we like. Rejected: libunwind, 510 ns and two system calls a
// frame, 57 KB with its remote interface; walks by frame pointers, which a third of libstdc++'s functions do
// not keep.
//
// musl has no tables at all: over its frames accessor.h goes.
#pragma once
#include <cstdint>

#include "rt0/arch.h"

namespace rt0 {

struct frame {
  std::uintptr_t pc;  // in the instruction that runs, or in the call that has not returned
  std::uintptr_t sp;
};

// What a walk gives its frames to, innermost first; false ends it.
using frame_visitor = bool (*)(const frame&, void* arg);

enum class walk_end { outermost, stopped, lost };  // lost: nobody knows what lies below the last frame
walk_end walk(const registers& from, frame_visitor visit, void* arg) noexcept;

// The code at pc is described by an unwind table, as all is but musl's and the vDSO's.
bool has_unwind_table(std::uintptr_t pc) noexcept;

// The code that called the function which called the caller of this: its return address; 0: unknown. pc:
// where that function goes on, sp: its own then. Quick from the second call for a pc on, since it lies always
// as far from sp. For functions of libraries whose frames do not vary.
std::uintptr_t caller_of(std::uintptr_t pc, std::uintptr_t sp, const registers& here) noexcept;

}  // namespace rt0
