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
#include <span>
#include <string>
#include <vector>

#include "runtime/sched/debugger_table.h"

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
  // stopped at a place while another was told of is told of by the next call, without running anything. A
  // trap's signal is not given to the program. timeout_ms: < 0: forever. Throws failure if the process ends.
  virtual stop run(int timeout_ms) = 0;

  template <class T>
  bool read(std::uintptr_t address, T* into) {
    return read(address, static_cast<void*>(into), sizeof(T));
  }
};

// How the SysV ABI passes a value (psABI 3.2.3): each of its eightbytes in a register of a class, or all of
// it in memory.
enum class eightbyte : std::uint8_t { integer, sse, x87 };  // x87: a long double result, in st(0)
struct passing {
  std::size_t bytes = 0;
  std::vector<eightbyte> classes;  // empty: in memory
  std::size_t align = 8;
};

struct argument {
  enum class kind {
    value,
    address  // the bytes are put on the stack, and their address is passed: strings, references
  };
  kind how = kind::value;
  passing where;
  std::vector<std::byte> bytes;
};
argument integer(std::uint64_t value);
argument real(double value);
argument single(float value);
argument text(const std::string& value);                                       // a char const*
argument object(std::span<const std::byte> bytes, passing where);              // a structure by value
argument reference(std::span<const std::byte> bytes, std::size_t align = 16);  // a copy of it, by its address

struct call_request {
  std::uintptr_t function = 0;
  std::vector<argument> arguments;
  passing result;        // 0 bytes: void. In memory: the hidden first argument is ours to add
  bool varargs = false;  // it is not harmful to say so of a function that has none
  int timeout_ms = -1;   // until it has returned
};

struct call_result {
  enum class kind { returned, threw, ended, refused, interrupted };
  kind what = kind::refused;
  std::vector<std::byte> value;  // returned: as many bytes as wanted
  std::string type, text;        // threw: the exception's type and message; refused, interrupted: why
  std::uint64_t goid = 0;        // of the goroutine that runs it; 0: there was none

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

  // A SIGTRAP with this pc is the runtime's, from one of the places above.
  bool is_place(std::uintptr_t pc) const;
  // Makes a call. for_thread: if a goroutine runs on it, it stands still meanwhile; 0: none shall. A
  // goroutine that cannot be sent is passed over for another thread, and refused is what we say when no
  // thread would do for `tries` times, a millisecond apart. Throws failure if the process ends.
  call_result call(const call_request& request, pid_t for_thread = 0);
  // A thread stopped at a place, and no call() is waiting: of a call that was interrupted, or of a debugger
  // that is gone. It can be let run.
  void let_go(pid_t tid);

  static constexpr int tries = 100;
};

}  // namespace rt0db
