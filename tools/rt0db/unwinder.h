// The accessor engine: frames of a goroutine from what a snapshot copied of it, by the program's .eh_frame.
//
// libunwind does it, over accessors of our own: registers and stack from the snapshot, everything else from
// the program's file. (libunwind-coredump loses its way in cores, libunwind-ptrace wants the process
// stopped.)
// Over musl's frames, which have no tables, runtime/unwind/accessor.h goes.
#pragma once
#include <libunwind.h>

#include <cstdint>
#include <vector>

#include "runtime/unwind/accessor.h"
#include "tools/rt0db/snapshot.h"
#include "tools/rt0db/symbols.h"

namespace rt0db {

struct stack_trace {
  std::vector<std::uintptr_t> pcs;  // in the file's addresses; in the call, for frames that wait for one
  // Of each frame, as the process has them: a caller's are those that calls keep, rsp and rip. Its rsp is
  // what DWARF calls the CFA of the frame that it called.
  std::vector<registers> at;
  bool whole = false;  // to the outermost frame
};

class unwinder {
 public:
  unwinder(const image& program, const symbols& names, const snapshot& all);
  unwinder(const unwinder&) = delete;
  unwinder& operator=(const unwinder&) = delete;
  ~unwinder();

  stack_trace walk(const goroutine& of);

  // rt0::accessor, of the goroutine that is being walked.
  bool read(std::uintptr_t address, void* into, std::size_t bytes) const;
  bool in_text(std::uintptr_t pc) const;
  bool has_table(std::uintptr_t pc);
  std::uintptr_t entry_of(std::uintptr_t pc) const;

 private:
  static int find_proc_info(unw_addr_space_t, unw_word_t pc, unw_proc_info_t*, int need, void* self);
  static int access_mem(unw_addr_space_t, unw_word_t address, unw_word_t* value, int write, void* self);
  static int access_reg(unw_addr_space_t, unw_regnum_t reg, unw_word_t* value, int write, void* self);

  stack_trace walk_from(const registers& at);
  const image& program_;
  const symbols& names_;
  const snapshot& all_;
  unw_addr_space_t space_ = nullptr;
  unw_dyn_info_t table_{};
  const goroutine* of_ = nullptr;
  registers at_;
};

}  // namespace rt0db
