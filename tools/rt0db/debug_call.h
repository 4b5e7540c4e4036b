// Calls of the program's functions: the debugger's half of debugCall (runtime/go/debug_call.cc).
//
// A call runs on a goroutine of its own, with a stack and thread_local variables of its own: so it may lock,
// wait, sleep and start others, as any code. That goroutine is started from a thread that is at a safe place,
// by a detour: the thread is sent into rt0_debug_call, which saves all of its registers, and afterwards it is
// exactly where it was. Where we stop it, or the call's goroutine, the runtime executes an int3 at one of the
// places that rt0_debugger_table lists:
//
//   the thread that makes the detour           the call's goroutine, on whatever thread
//   --------------------------------           ----------------------------------------
//   refused    why; it is as it was            ready      we set arguments and the function
//   resumed    it goes on as it was            returned   we read the result
//                                              threw      we read the exception's type and message
//                                              ended      the function ended its goroutine
//
// Two kinds of places are safe. A goroutine runs the program's own code, and holds nothing of the runtime's:
// where a signal's handler could be called, too. Or a thread has nothing to do and sleeps in the kernel: so a
// process all of whose goroutines are parked can be called, which is what one mostly meets. (Go refuses
// both what is parked and what is in a system call: there, the call is the stopped goroutine's own.)
//
// The goroutine that the call is made for, if it runs, stands still until the call is over, and then stops
// where it was, perhaps on another thread. All others run meanwhile; a parked one may be woken.
//
// If we die, or let go, while a call is under way, nothing breaks: the runtime goes on at an int3 for which
// nobody waits (its SIGTRAP is known by its pc). A call that had not got its function is then none; one that
// had ends by itself, and its result is lost.
#pragma once
#include <sys/types.h>
#include <sys/user.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/sched/debugger_table.h"
#include "tools/rt0db/call_frame.h"

namespace rt0db {

// What a call needs of a process that is being debugged. All threads stand still, but within run().
class call_target {
 public:
  enum class event {
    trap,        // the thread stopped by a SIGTRAP with its pc at one of debug_caller's places
    other,       // it stopped for another reason, of which the implementation keeps account
    overdue,     // nothing came in time
    interrupted  // somebody wants it to end
  };
  struct stop {
    event what;
    pid_t tid = 0;
  };

  virtual ~call_target() = default;

  virtual std::vector<pid_t> threads() = 0;
  // False: it is no more, or no such memory.
  virtual bool registers(pid_t tid, user_regs_struct* into) = 0;
  virtual bool set_registers(pid_t tid, const user_regs_struct& from) = 0;
  virtual bool fp_registers(pid_t tid, user_fpregs_struct* into) = 0;
  virtual bool set_fp_registers(pid_t tid, const user_fpregs_struct& from) = 0;
  virtual bool read(std::uintptr_t address, void* into, std::size_t bytes) = 0;
  virtual bool write(std::uintptr_t address, const void* from, std::size_t bytes) = 0;
  // Lets all threads run until something happens; they stand still again afterwards. A thread that has
  // stopped at a place while another was told of is told of by the next call, without running anything.
  // timeout_ms: < 0: forever. Throws failure if the process ends.
  //
  // A trap's signal is taken from the thread at once: PTRACE_INTERRUPT, PTRACE_CONT without a signal, and it
  // stops again without having run. Else the kernel would give it the SIGTRAP if we were killed, at a pc that
  // we have changed.
  virtual stop run(int timeout_ms) = 0;

  template <class T>
  bool read(std::uintptr_t address, T* into) {
    return read(address, static_cast<void*>(into), sizeof(T));
  }
};

struct call_request {
  std::uintptr_t function = 0;
  std::vector<argument> arguments;
  passing result;       // 0 bytes: void. In memory: the hidden first argument is ours to add
  pid_t thread = 0;     // if a goroutine runs there, it stands still meanwhile
  bool strict = false;  // that one or none
  int timeout_ms = -1;  // from its start to its end
};

struct call_result {
  enum class kind { returned, threw, ended, refused, interrupted };
  kind what = kind::refused;
  std::vector<std::byte> value;  // returned: as many bytes as wanted
  std::string type, text;        // threw: the exception's type and message; refused, interrupted: why
  std::uint64_t goid = 0;        // of the goroutine that runs it; 0: there was none
  pid_t thread = 0;              // where the goroutine is now that stood still; 0: none did

  template <class T>
  T as() const {
    T into{};
    if (value.size() >= sizeof(T)) __builtin_memcpy(&into, value.data(), sizeof(T));
    return into;
  }
};

class debug_caller {
 public:
  // table: rt0_debugger_table's address in the process. Throws failure if it cannot be read.
  debug_caller(call_target& target, std::uintptr_t table);

  // A SIGTRAP with this pc is the runtime's. A thread that stops so while no call() waits (of a call that was
  // interrupted, or of a debugger that is gone) is let run, as if nothing had been.
  bool is_place(std::uintptr_t pc) const;

  // Makes a call. A thread that is at no good place is passed over for another; `refused` is said when none
  // was at one, `tries` times, a millisecond apart. Throws failure if the process ends.
  call_result call(const call_request& request);

  static constexpr int tries = 100;

 private:
  struct host;
  struct m_words;
  struct pending;

  std::vector<pid_t> candidates(const call_request& request);
  host look_at(pid_t tid);
  bool read_m(std::uintptr_t address, m_words& into);
  bool send(const host& h, std::uint64_t token);
  std::optional<std::string> detour(const host& h, const call_request& request, call_result& result);
  bool at_place(pid_t tid, const call_request& request, pending& p);
  void begin(user_regs_struct& registers, pid_t tid, const call_request& request, pending& p);
  void resume(user_regs_struct& registers, pid_t tid);
  std::string string_at(std::uintptr_t address);

  call_target& target_;
  std::uintptr_t core_text_, core_text_end_;
  rt0::debug_call_places at_;
  std::uint64_t calls_ = 0;
};

}  // namespace rt0db
