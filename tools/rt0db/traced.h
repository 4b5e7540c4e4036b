// A process that is being debugged: all of its threads run, or all stand still (gdb's all-stop).
//
// Threads are taken by PTRACE_SEIZE, new ones come along by PTRACE_O_TRACECLONE, and the kernel's workers for
// io_uring, which are made past ptrace, stay alone. A signal of the program's goes through at once. Which
// goroutine a thread runs is not known here.
//
// Traps: int3 instructions stand in the program's memory only while it runs, and are taken out whenever it
// stands still. So memory reads as it is, a thread goes on from a trap without any care for others, and if we
// are killed at the prompt, by SIGKILL even, nothing is left behind: the kernel lets the threads go on. If
// SIGKILL meets us while the program runs, its traps stay, and the next thread that comes to one ends the
// program by SIGTRAP. (gdb's and dlv's stay likewise.)
//
// A thread that hit a trap has its pc put back to it in the moment in which we hear of it, so that a thread
// never stands behind half an instruction. It passes the trap by one step on the original instruction, while
// all others stand still: nobody can run past the missing trap, so no hit is lost. Its signals are kept back
// for that step (all but the faults), or a SIGURG would move the goroutine away and have it hit the trap
// twice. (Rejected: a displaced copy of the instruction, gdb's way, which needs a decoder for what is
// relative to the pc; it pays where the others go on running, and ours stand still at a hit anyway.)
//
//   running --(status of waitpid)--> stopped: by INTERRUPT, by a signal to be given on, by a trap
//   stopped --CONT, with that signal--> running;  group-stopped --LISTEN--> running, until SIGCONT
//
// A fork's child has a copy of the memory, and traps in it: they are taken out, and it goes its way. A child
// of vfork or posix_spawn shares the memory, and is let go with them until it executes another program.
#pragma once
#include <signal.h>

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "tools/rt0db/image.h"
#include "tools/rt0db/process.h"

namespace rt0db {

// For as long as it lives, the signals that end us are waited for, by run() and the prompt: a process that is
// left as it is would be left with traps.
class kept_signals {
 public:
  kept_signals();
  ~kept_signals();
  static const sigset_t& set();

 private:
  sigset_t before_;
};

// Thrown when one of them has come: everything is to be let go, and then we end by it.
struct ending {
  int signal;
};

class traced_process : public process {
 public:
  // Stops it. Throws failure(no_process). Wants kept_signals.
  traced_process(pid_t pid, const image& program);
  traced_process(const traced_process&) = delete;
  traced_process& operator=(const traced_process&) = delete;
  ~traced_process() override { detach(); }

  enum class reason {
    trap,         // tid is at an address in traps, whose instruction it has not executed
    signal_trap,  // a SIGTRAP that is not of our making is about to be delivered to tid
    error,        // a signal by which the program tells of an error: a fault of the CPU's, or abort's
    overdue,
    interrupted,  // by a SIGINT to us
    ended,        // the process: how_it_ended()
  };
  struct event {
    reason why;
    pid_t tid = 0;
    std::uintptr_t pc = 0;
    // It was overdue, or interrupted, in the same moment: for whom this one is no reason to stop.
    std::optional<reason> also{};
    int signal = 0;  // error
  };

  // Lets all threads run, with traps at these addresses, until something happens. Then all stand still again.
  // Events that come together are told one by one, without running anything; those at addresses that are in
  // traps no more are forgotten. timeout_ms < 0: for ever. Throws ending.
  event run(const std::set<std::uintptr_t>& traps, int timeout_ms = -1);
  // One instruction of one thread, while the others stand still. False: it ended, or met a signal.
  bool step(pid_t tid);
  // What a signal_trap's thread would get: it shall not.
  void swallow(pid_t tid);
  // The trap that tid stands at was told. (A call takes the thread away and brings its goroutine back, maybe
  // on another thread: then it is to be said again.)
  bool is_told(pid_t tid) const;
  void told(pid_t tid, std::uintptr_t pc);
  // Lets it go as it is.
  void detach() noexcept;

  // False: it has ended while it stood still, by a SIGKILL.
  bool alive();
  bool ended() const { return !end_.empty(); }
  const std::string& how_it_ended() const { return end_; }
  pid_t pid() const { return pid_; }
  bool has(pid_t tid) const { return tasks_.count(tid) != 0; }

  bool registers(pid_t tid, user_regs_struct* into);
  bool set_registers(pid_t tid, const user_regs_struct& from);
  bool fp_registers(pid_t tid, user_fpregs_struct* into);
  bool set_fp_registers(pid_t tid, const user_fpregs_struct& from);

  std::span<const thread> threads() const override;
  std::uintptr_t bias() const override { return bias_; }
  std::int64_t stopped_at_ns() const override { return stopped_at_ns_; }
  using process::read;
  void read(std::span<piece> pieces) override;
  bool write(std::uintptr_t address, const void* from, std::size_t bytes);

 private:
  enum class state { running, stopped, group_stopped };
  struct task {
    state is = state::running;
    int signal = 0;          // to be given to it when it goes on
    siginfo_t about{};       // signal's
    bool has_about = false;  // it was kept back over a step, and about has to be given back, too
    bool hit = false;        // it is at a trap, of which an event was or will be told
    std::uintptr_t hit_at = 0;
  };

  void seize_all();
  void stop_all();
  void continue_all();
  void let_go(pid_t tid, task& t);
  void take_status(pid_t tid, int status);
  void take_stop(pid_t tid, task& t, int status);
  void take_sigtrap(pid_t tid, task& t);
  bool take_signal(pid_t tid, task& t, int signal);
  bool is_raised_by_cpu(pid_t tid, std::uintptr_t pc);
  void settle(pid_t tid);
  void take_child(pid_t tid);
  void take_thread(pid_t tid);
  void take_end(pid_t tid, int status);
  bool sigtrap_is_pending(pid_t tid) const;
  void finish_stop(pid_t tid);
  bool pass_traps();
  void insert(const std::set<std::uintptr_t>& traps);
  void take_out();
  std::optional<event> next_event(const std::set<std::uintptr_t>& traps);
  std::optional<event> wait_for_event(std::int64_t until_ns);

  pid_t pid_;
  std::uintptr_t bias_;
  std::int64_t stopped_at_ns_ = 0;
  int memory_ = -1;      // /proc/PID/mem
  bool moving_ = false;  // all run, or shall
  std::unordered_map<pid_t, task> tasks_;
  std::set<pid_t> strangers_;      // stand still, and nobody has announced them yet
  std::map<pid_t, int> children_;  // announced, by which event, and did not come yet
  std::deque<event> events_;
  std::map<std::uintptr_t, std::byte> inserted_;  // and what stood there
  std::string end_;
  mutable std::vector<thread> threads_;
  mutable bool has_threads_ = false;
};

}  // namespace rt0db
