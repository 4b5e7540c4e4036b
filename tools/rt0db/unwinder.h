// The accessor engine: frames of a goroutine from what a snapshot copied of it, by the program's .eh_frame.
//
// libunwind does it, over accessors of our own: registers and stack from the snapshot, everything else from
// the program's file. (libunwind-coredump loses its way in cores, libunwind-ptrace wants the process
// stopped.)
//
// musl has no unwind tables. Over its frames we go by the return address, which lies on the stack: the first
// word that points behind a call of the function we are in, or, where nothing says where that begins, behind
// a call of something that has no table either. What the function pushed at its entry gives back the
// registers that its caller keeps.
#pragma once
#include <libunwind.h>

#include <cstdint>
#include <vector>

#include "tools/rt0db/snapshot.h"
#include "tools/rt0db/symbols.h"

namespace rt0db {

struct stack_trace {
  std::vector<std::uintptr_t> pcs;  // in the file's addresses; in the call, for frames that wait for one
  bool whole = false;               // to the outermost frame
};

class unwinder {
 public:
  unwinder(const image& program, const symbols& names, const snapshot& all);
  unwinder(const unwinder&) = delete;
  unwinder& operator=(const unwinder&) = delete;
  ~unwinder();

  stack_trace walk(const goroutine& of);

 private:
  static int find_proc_info(unw_addr_space_t, unw_word_t pc, unw_proc_info_t*, int need, void* self);
  static int access_mem(unw_addr_space_t, unw_word_t address, unw_word_t* value, int write, void* self);
  static int access_reg(unw_addr_space_t, unw_regnum_t reg, unw_word_t* value, int write, void* self);

  stack_trace walk_from(const registers& at);
  bool read(std::uintptr_t address, void* into, std::size_t bytes) const;
  bool has_table(std::uintptr_t pc);
  // The places of a call: false if no call ends at pc. *target: the function, 0 if it is computed.
  bool ends_call(std::uintptr_t pc, std::uintptr_t* target) const;
  bool calls_this(std::uintptr_t target, std::uintptr_t entry, std::uintptr_t pc);
  bool step_without_table(registers& at);

  const image& program_;
  const symbols& names_;
  const snapshot& all_;
  unw_addr_space_t space_ = nullptr;
  unw_dyn_info_t table_{};
  const goroutine* of_ = nullptr;
  registers at_;
};

}  // namespace rt0db
