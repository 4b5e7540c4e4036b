#include "tools/rt0db/traced.h"

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "tools/rt0db/failure.h"
#include "tools/rt0db/proc.h"

namespace rt0db {
namespace {

constexpr std::byte int3{0xcc};
constexpr long options = PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC;

std::int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

bool is_event(int status, int event) { return status >> 16 == event; }

constexpr int fault_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
bool is_fault(int signal) { return std::ranges::find(fault_signals, signal) != std::end(fault_signals); }

}  // namespace

const sigset_t& kept_signals::set() {
  static const sigset_t all = [] {
    sigset_t s;
    sigemptyset(&s);
    for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD, SIGPIPE, SIGTSTP}) sigaddset(&s, signal);
    return s;
  }();
  return all;
}

kept_signals::kept_signals() {
  signal(SIGCHLD, SIG_DFL);  // an ignored one would not come to us
  sigprocmask(SIG_BLOCK, &set(), &before_);
}

kept_signals::~kept_signals() { sigprocmask(SIG_SETMASK, &before_, nullptr); }

traced_process::traced_process(pid_t pid, const image& program) : pid_(pid), bias_(bias_of(pid, program)) {
  try {
    seize_all();
    memory_ = open(proc(pid, "mem").c_str(), O_RDWR | O_CLOEXEC);
    if (memory_ < 0) refuse(pid, errno);
  } catch (...) {
    detach();
    throw;
  }
}

// A thread may make another before it is taken; once a look finds none, none can come. What a thread makes
// that has been taken comes along by itself, and may be listed before we have heard of it.
void traced_process::seize_all() {
  int foreign = 0;
  for (bool fresh = true; fresh;) {
    fresh = false;
    for (const pid_t tid : threads_of(pid_)) {
      if (tasks_.count(tid) != 0) continue;
      if (ptrace(PTRACE_SEIZE, tid, nullptr, options) == 0) {
        tasks_.emplace(tid, task{});
      } else if (errno == ESRCH) {
        continue;  // it ended
      } else if (errno != EPERM || tasks_.empty() || foreign++ > 1000) {
        refuse(pid_, errno);
      }
      fresh = true;
    }
    stop_all();
  }
  if (tasks_.empty()) throw failure(no_process, "process " + std::to_string(pid_) + ": has ended");
}

void traced_process::read(std::span<piece> pieces) { read_memory(pid_, pieces); }

bool traced_process::write(std::uintptr_t address, const void* from, std::size_t bytes) {
  return pwrite(memory_, from, bytes, static_cast<off_t>(address)) == static_cast<ssize_t>(bytes);
}

bool traced_process::registers(pid_t tid, user_regs_struct* into) {
  return ptrace(PTRACE_GETREGS, tid, nullptr, into) == 0;
}

bool traced_process::set_registers(pid_t tid, const user_regs_struct& from) {
  has_threads_ = false;
  return ptrace(PTRACE_SETREGS, tid, nullptr, &from) == 0;
}

bool traced_process::fp_registers(pid_t tid, user_fpregs_struct* into) {
  return ptrace(PTRACE_GETFPREGS, tid, nullptr, into) == 0;
}

bool traced_process::set_fp_registers(pid_t tid, const user_fpregs_struct& from) {
  return ptrace(PTRACE_SETFPREGS, tid, nullptr, &from) == 0;
}

std::span<const thread> traced_process::threads() const {
  if (!has_threads_) {
    threads_.clear();
    for (const auto& [tid, t] : tasks_) {
      thread one{.tid = tid, .registers = {}};
      if (ptrace(PTRACE_GETREGS, tid, nullptr, &one.registers) == 0) threads_.push_back(one);
    }
    has_threads_ = true;
  }
  return threads_;
}

// Statuses

void traced_process::take_status(pid_t tid, int status) {
  has_threads_ = false;
  const auto found = tasks_.find(tid);
  if (!WIFSTOPPED(status)) {
    if (found != tasks_.end()) take_end(tid, status);
    children_.erase(tid);  // killed before it came
    return;
  }
  if (found != tasks_.end()) {
    take_stop(tid, found->second, status);
    return;
  }
  strangers_.insert(tid);
  take_child(tid);
}

// A fork's child, as soon as both it and its parent's word have come.
void traced_process::take_child(pid_t tid) {
  const auto announced = children_.find(tid);
  if (announced == children_.end() || strangers_.count(tid) == 0) return;
  const int memory =
      announced->second == PTRACE_EVENT_FORK ? open(proc(tid, "mem").c_str(), O_RDWR | O_CLOEXEC) : -1;
  for (const auto& [address, was] : inserted_) {
    if (memory >= 0 && pwrite(memory, &was, 1, static_cast<off_t>(address)) != 1) break;
  }
  if (memory >= 0) close(memory);
  children_.erase(announced);
  strangers_.erase(tid);
  ptrace(PTRACE_DETACH, tid, nullptr, nullptr);
}

// A new thread, which may have come before its parent's word.
void traced_process::take_thread(pid_t tid) {
  task& t = tasks_[tid];
  if (strangers_.erase(tid) == 0) return;
  t.is = state::stopped;
  if (moving_) let_go(tid, t);
}

void traced_process::take_end(pid_t tid, int status) {
  tasks_.erase(tid);
  std::erase_if(events_, [&](const event& e) { return e.tid == tid; });
  if (tid != pid_ && !tasks_.empty()) return;  // the process's own comes last
  tasks_.clear();
  inserted_.clear();
  end_ = WIFSIGNALED(status) ? std::string("was ended by ") + strsignal(WTERMSIG(status))
                             : "exited with status " + std::to_string(WEXITSTATUS(status));
  if (tid != pid_) end_ = "has ended";
}

void traced_process::take_stop(pid_t tid, task& t, int status) {
  t.is = state::stopped;
  const int signal = WSTOPSIG(status);
  unsigned long what = 0;
  if (is_event(status, PTRACE_EVENT_STOP)) {
    if (signal != SIGTRAP) t.is = state::group_stopped;
  } else if (is_event(status, PTRACE_EVENT_EXEC)) {
    for (auto& [other, dead] : tasks_) {
      if (other != tid) ptrace(PTRACE_DETACH, other, nullptr, nullptr);
    }
    tasks_.clear();
    inserted_.clear();
    end_ = "executes another program, and was let go";
    ptrace(PTRACE_DETACH, tid, nullptr, nullptr);
    return;
  } else if (status >> 16 != 0) {
    ptrace(PTRACE_GETEVENTMSG, tid, nullptr, &what);
    const auto child = static_cast<pid_t>(what);
    if (is_event(status, PTRACE_EVENT_CLONE)) {
      take_thread(child);
    } else if (strangers_.count(child) != 0 || ptrace(PTRACE_INTERRUPT, child, nullptr, nullptr) == 0) {
      children_[child] = status >> 16;  // else it was killed, and its end was heard of
      take_child(child);
    }
  } else if (signal == SIGTRAP) {
    take_sigtrap(tid, t);
    return;
  } else {
    if (take_signal(tid, t, signal)) return;
  }
  if (moving_) let_go(tid, t);
}

// To be given to it when it goes on. True: it tells of an error, and is an event first.
bool traced_process::take_signal(pid_t tid, task& t, int signal) {
  t.signal = signal;
  t.has_about = false;
  if (signal != SIGABRT && !is_fault(signal)) return false;
  user_regs_struct regs{};
  if (!registers(tid, &regs) || (is_fault(signal) && !is_raised_by_cpu(tid, regs.rip))) return false;
  events_.push_back({.why = reason::error, .tid = tid, .pc = regs.rip, .signal = signal});
  return true;
}

// Not sent with the CPU's own si_code, as a report does to die by it: a system call has just ended then.
bool traced_process::is_raised_by_cpu(pid_t tid, std::uintptr_t pc) {
  siginfo_t about{};
  if (ptrace(PTRACE_GETSIGINFO, tid, nullptr, &about) != 0 || about.si_code <= 0) return false;
  std::uint16_t before = 0;
  constexpr std::uint16_t syscall_instruction = 0x050f;
  return !process::read(pc - sizeof(before), &before) || before != syscall_instruction;
}

void traced_process::take_sigtrap(pid_t tid, task& t) {
  user_regs_struct regs{};
  registers(tid, &regs);
  if (inserted_.count(regs.rip - 1) != 0) {
    regs.rip--;
    set_registers(tid, regs);
    t.hit = true;
    t.hit_at = regs.rip;
    events_.push_back({reason::trap, tid, regs.rip});
    settle(tid);
  } else {
    t.signal = SIGTRAP;
    t.has_about = false;
    events_.push_back({reason::signal_trap, tid, regs.rip});
  }
}

void traced_process::swallow(pid_t tid) {
  if (const auto found = tasks_.find(tid); found != tasks_.end()) {
    found->second.signal = 0;
    settle(tid);
  }
}

bool traced_process::is_told(pid_t tid) const {
  const auto found = tasks_.find(tid);
  return found != tasks_.end() && found->second.hit;
}

void traced_process::told(pid_t tid, std::uintptr_t pc) {
  if (const auto found = tasks_.find(tid); found != tasks_.end()) {
    found->second.hit = true;
    found->second.hit_at = pc;
  }
}

// From a trap's signal to a stop without one, without having run: the kernel looks for our INTERRUPT before
// it looks for signals. Were we killed in a signal's stop, the thread would get it.
void traced_process::settle(pid_t tid) {
  int status = 0;
  ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr);
  if (ptrace(PTRACE_CONT, tid, nullptr, nullptr) != 0 || waitpid(tid, &status, __WALL) != tid) return;
  if (!WIFSTOPPED(status)) {
    take_end(tid, status);
  } else if (is_event(status, PTRACE_EVENT_STOP) && WSTOPSIG(status) != SIGTRAP) {
    tasks_[tid].is = state::group_stopped;
  }
}

// Stopping and going on

void traced_process::let_go(pid_t tid, task& t) {
  if (t.is == state::running) return;
  if (t.has_about) ptrace(PTRACE_SETSIGINFO, tid, nullptr, &t.about);
  if (ptrace(t.is == state::group_stopped ? PTRACE_LISTEN : PTRACE_CONT, tid, nullptr,
             static_cast<long>(t.signal)) != 0) {
    return;  // it has been killed: its end is on its way
  }
  t.signal = 0;
  t.has_about = false;
  t.is = state::running;
}

void traced_process::continue_all() {
  moving_ = true;
  has_threads_ = false;
  for (auto& [tid, t] : tasks_) let_go(tid, t);
}

bool traced_process::sigtrap_is_pending(pid_t tid) const {
  siginfo_t some[32];
  __ptrace_peeksiginfo_args which{.off = 0, .flags = 0, .nr = static_cast<int>(std::size(some))};
  const long count = ptrace(PTRACE_PEEKSIGINFO, tid, &which, some);
  return std::any_of(some, some + std::max(0L, count), [](const siginfo_t& s) {
    return s.si_signo == SIGTRAP && s.si_code > 0;  // the CPU's: nobody's kill
  });
}

// Waits until one task stands still, or is no more. Our INTERRUPT is seen before a trap that was executed in
// the same moment: its SIGTRAP comes as soon as the thread is let go on, before any instruction.
void traced_process::finish_stop(pid_t tid) {
  for (;;) {
    const auto found = tasks_.find(tid);
    if (found == tasks_.end()) return;
    if (found->second.is == state::stopped && found->second.signal == 0 && !found->second.hit &&
        sigtrap_is_pending(tid)) {
      let_go(tid, found->second);
    }
    if (found->second.is != state::running) return;
    // Of any: of a process that ends, the leader comes only when all others were taken.
    int status = 0;
    const pid_t got = waitpid(-1, &status, __WALL);
    if (got > 0) take_status(got, status);
    if (got < 0 && errno != EINTR) {
      tasks_.erase(tid);
      return;
    }
  }
}

void traced_process::stop_all() {
  moving_ = false;
  has_threads_ = false;
  std::vector<pid_t> running;
  do {
    running.clear();
    for (const auto& [tid, t] : tasks_) {
      if (t.is == state::running) running.push_back(tid);
    }
    for (const pid_t tid : running) ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr);
    for (const pid_t tid : running) finish_stop(tid);
    // Threads that were made meanwhile, whose parents are among those that stopped; and children who were
    // announced: only as long as the traps are in the memory is known which ones a child has in its copy.
    int status = 0;
    for (pid_t tid; (tid = waitpid(-1, &status, __WALL | (children_.empty() ? WNOHANG : 0))) > 0;) {
      take_status(tid, status);
    }
  } while (!running.empty());
  stopped_at_ns_ = now_ns();
}

void traced_process::insert(const std::set<std::uintptr_t>& traps) {
  for (const std::uintptr_t address : traps) {
    std::byte was{};
    if (inserted_.count(address) != 0 || !process::read(address, &was, 1)) continue;
    if (write(address, &int3, 1)) inserted_[address] = was;
  }
}

void traced_process::take_out() {
  for (const auto& [address, was] : inserted_) write(address, &was, 1);
  inserted_.clear();
}

// One step, without its signals: but for those that the step itself may raise.
bool traced_process::step(pid_t tid) {
  const auto found = tasks_.find(tid);
  if (found == tasks_.end() || found->second.is != state::stopped) return false;
  task& t = found->second;
  has_threads_ = false;
  t.hit = false;
  if (t.signal != 0 && !t.has_about) {
    t.has_about = ptrace(PTRACE_GETSIGINFO, tid, nullptr, &t.about) == 0;
  }
  std::uint64_t mask = 0, faults = std::uint64_t{1} << (SIGTRAP - 1);
  for (int signal : fault_signals) faults |= std::uint64_t{1} << (signal - 1);
  const std::uint64_t all = ~faults;
  ptrace(PTRACE_GETSIGMASK, tid, sizeof(mask), &mask);
  ptrace(PTRACE_SETSIGMASK, tid, sizeof(all), &all);
  int status = 0;
  bool stepped = false;
  for (;;) {
    if (ptrace(PTRACE_SINGLESTEP, tid, nullptr, nullptr) != 0 || waitpid(tid, &status, __WALL) != tid ||
        !WIFSTOPPED(status)) {
      take_end(tid, status);
      return false;
    }
    stepped = status >> 16 == 0 && WSTOPSIG(status) == SIGTRAP;
    if (stepped || status >> 16 == 0) break;  // or a fault
    take_stop(tid, t, status);                // of a clone, or somebody's SIGSTOP
    if (ended() || t.is == state::group_stopped) break;
  }
  ptrace(PTRACE_SETSIGMASK, tid, sizeof(mask), &mask);
  if (stepped && !t.has_about) settle(tid);
  if (!stepped && status >> 16 == 0) (void)take_signal(tid, t, WSTOPSIG(status));
  return stepped;
}

// Every thread whose hit was told goes past it, on the instruction itself.
bool traced_process::pass_traps() {
  std::vector<pid_t> at_traps;
  for (const auto& [tid, t] : tasks_) {
    if (t.hit) at_traps.push_back(tid);
  }
  for (const pid_t tid : at_traps) {
    user_regs_struct regs{};
    if (!registers(tid, &regs)) continue;
    task& t = tasks_[tid];
    t.hit = false;
    if (regs.rip == t.hit_at) step(tid);
    if (ended()) return false;
  }
  return !ended();
}

std::optional<traced_process::event> traced_process::next_event(const std::set<std::uintptr_t>& traps) {
  while (!events_.empty()) {
    const event first = events_.front();
    events_.pop_front();
    if (first.why != reason::trap || traps.count(first.pc) != 0) return first;
    if (const auto t = tasks_.find(first.tid); t != tasks_.end()) t->second.hit = false;
  }
  return std::nullopt;
}

std::optional<traced_process::event> traced_process::wait_for_event(std::int64_t until_ns) {
  for (;;) {
    int status = 0;
    for (pid_t tid; (tid = waitpid(-1, &status, __WALL | WNOHANG)) > 0;) {
      take_status(tid, status);
      if (ended()) return event{reason::ended};
    }
    if (!events_.empty()) return std::nullopt;
    const std::int64_t left = until_ns - now_ns();
    if (until_ns >= 0 && left <= 0) return event{reason::overdue};
    const timespec time{.tv_sec = left / 1'000'000'000, .tv_nsec = left % 1'000'000'000};
    const int signal = sigtimedwait(&kept_signals::set(), nullptr, until_ns < 0 ? nullptr : &time);
    if (signal == SIGINT) return event{reason::interrupted};
    if (signal == SIGTERM || signal == SIGHUP || signal == SIGQUIT) {
      stop_all();
      take_out();
      throw ending{signal};
    }
  }
}

traced_process::event traced_process::run(const std::set<std::uintptr_t>& traps, int timeout_ms) {
  const std::int64_t until_ns = timeout_ms < 0 ? -1 : now_ns() + timeout_ms * std::int64_t{1'000'000};
  if (ended()) return {reason::ended};
  if (const auto waiting = next_event(traps)) return *waiting;
  if (!pass_traps()) return {reason::ended};
  for (;;) {
    if (const auto waiting = next_event(traps)) return *waiting;  // of a step
    insert(traps);
    continue_all();
    const auto came = wait_for_event(until_ns);
    if (!ended()) stop_all();
    if (!ended()) take_out();
    if (ended()) return {reason::ended};
    if (auto event = next_event(traps)) {
      if (came) event->also = came->why;
      return *event;
    }
    if (came) return *came;
  }
}

bool traced_process::alive() {
  int status = 0;
  for (pid_t tid; !ended() && (tid = waitpid(-1, &status, __WALL | WNOHANG)) > 0;) take_status(tid, status);
  return !ended();
}

void traced_process::detach() noexcept {
  if (!tasks_.empty()) {
    stop_all();
    take_out();
  }
  // A child that came and was not announced, whatever it is, goes on too.
  for (const pid_t tid : strangers_) ptrace(PTRACE_DETACH, tid, nullptr, nullptr);
  for (auto& [tid, t] : tasks_) {
    if (t.has_about) ptrace(PTRACE_SETSIGINFO, tid, nullptr, &t.about);
    ptrace(PTRACE_DETACH, tid, nullptr, static_cast<long>(t.signal));
  }
  tasks_.clear();
  strangers_.clear();
  if (memory_ >= 0) close(memory_);
  memory_ = -1;
}

}  // namespace rt0db
