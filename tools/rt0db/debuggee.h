// A process that is being debugged, in goroutines: who runs on which thread, where each is.
//
// A thread's goroutine is told by its registers: %gs is the M, which says whom it runs, and that is the one
// only if %fs is there too (in a switch, and in the scheduler, it is not). A goroutine is known by its id,
// for the memory of one that has ended is used again; its thread is asked for anew each time.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/rt0db/image.h"
#include "tools/rt0db/lines.h"
#include "tools/rt0db/snapshot.h"
#include "tools/rt0db/symbols.h"
#include "tools/rt0db/traced.h"
#include "tools/rt0db/unwinder.h"

namespace rt0db {

// Of a goroutine's stack, as bt counts them: an inlined function's is one too, with the registers of the
// function that it is part of.
struct stack_frame {
  std::uintptr_t pc = 0;       // the file's; of a call, not where it returns to
  std::uintptr_t address = 0;  // the file's; where it goes on
  registers at{};              // rt0db/unwinder.h says which of them count
  bool all_registers = false;  // all of them: it runs
  std::uintptr_t cfa = 0;      // 0: the outermost's
  place where;
  std::size_t inlined = 0;  // how many of its function's callers are this frame's, too
  bool core = false;        // the runtime's own code
};

struct on_thread {
  std::uint64_t goid = 0;  // 0: none, or one that is not there yet
  std::uintptr_t g = 0;
};

class debuggee {
 public:
  // Throws failure.
  debuggee(pid_t pid, const image& program);

  traced_process& process() { return process_; }
  const image& program() const { return program_; }
  symbols& names() { return names_; }
  lines& code() { return code_; }
  std::uintptr_t bias() const { return process_.bias(); }

  on_thread goroutine_on(pid_t tid);
  // 0: nobody runs it.
  pid_t thread_of(std::uint64_t goid);
  // All of them, while it stands still; once for each stop.
  const snapshot& all();
  const goroutine* find(std::uint64_t goid);
  // If not whole, as bt shows them: of the runtime's that run in a row only the one that other code called,
  // and of a library's no inlined insides. Throws failure(failed): there is no goroutine of that id.
  std::vector<stack_frame> frames(std::uint64_t goid, bool whole);
  // Of the goroutine that runs there, the innermost.
  std::optional<stack_frame> innermost(pid_t tid);
  bool is_core(std::uintptr_t pc) const { return pc >= core_text_ && pc < core_text_end_; }
  // What was known of where they are is so no more.
  void moved() { all_.reset(); }

 private:
  std::vector<stack_frame> frames_of(const snapshot& from, const goroutine& one);

  const image& program_;
  traced_process process_;
  symbols names_;
  lines code_;
  std::uintptr_t core_text_ = 0, core_text_end_ = 0;  // the file's
  std::unique_ptr<snapshot> all_;
};

}  // namespace rt0db
