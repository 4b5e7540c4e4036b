// A process under ptrace, all of whose threads stop and go together: as small as calls can do with.
#pragma once
#include <dirent.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>

#include "tools/rt0db/debug_call.h"
#include "tools/rt0db/failure.h"

class ptrace_target final : public rt0db::call_target {
 public:
  std::function<bool(std::uintptr_t)> is_place = [](std::uintptr_t) { return false; };

  // A child of ours, which runs.
  explicit ptrace_target(pid_t pid) : pid_(pid) {
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, nullptr);
    while (seize_new()) stop_all();
  }
  // Lets it go on by itself.
  ~ptrace_target() override {
    for (const auto& [tid, t] : tasks_) {
      ptrace(PTRACE_DETACH, tid, nullptr, static_cast<long>(t.signal));
    }
  }
  ptrace_target(const ptrace_target&) = delete;

  std::vector<pid_t> threads() override {
    std::vector<pid_t> tids;
    for (const auto& [tid, t] : tasks_) tids.push_back(tid);
    return tids;
  }
  bool registers(pid_t tid, user_regs_struct* into) override {
    return ptrace(PTRACE_GETREGS, tid, nullptr, into) == 0;
  }
  bool set_registers(pid_t tid, const user_regs_struct& from) override {
    return ptrace(PTRACE_SETREGS, tid, nullptr, &from) == 0;
  }
  bool fp_registers(pid_t tid, user_fpregs_struct* into) override {
    return ptrace(PTRACE_GETFPREGS, tid, nullptr, into) == 0;
  }
  bool set_fp_registers(pid_t tid, const user_fpregs_struct& from) override {
    return ptrace(PTRACE_SETFPREGS, tid, nullptr, &from) == 0;
  }
  using call_target::read;
  bool read(std::uintptr_t address, void* into, std::size_t bytes) override {
    const iovec local{into, bytes}, remote{reinterpret_cast<void*>(address), bytes};
    return process_vm_readv(pid_, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(bytes);
  }
  bool write(std::uintptr_t address, const void* from, std::size_t bytes) override {
    const iovec local{const_cast<void*>(from), bytes}, remote{reinterpret_cast<void*>(address), bytes};
    return process_vm_writev(pid_, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(bytes);
  }

  stop run(int timeout_ms) override {
    if (const pid_t tid = take_trapped()) return {event::trap, tid};
    for (auto& [tid, t] : tasks_) go_on(tid, t);
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
    while (!any_trapped()) {
      int status = 0;
      const pid_t tid = waitpid(-1, &status, __WALL | WNOHANG);
      if (tid > 0) {
        saw(tid, status);
        auto at = tasks_.find(tid);
        if (at != tasks_.end() && at->second.stopped && !at->second.trapped) go_on(tid, at->second);
        continue;
      }
      if (!wait_for_child(timeout_ms < 0 ? std::chrono::nanoseconds(1'000'000'000)
                                         : end - std::chrono::steady_clock::now()) &&
          timeout_ms >= 0) {
        break;
      }
    }
    stop_all();
    const pid_t tid = take_trapped();
    return tid != 0 ? stop{event::trap, tid} : stop{event::overdue};
  }

 private:
  struct task {
    bool stopped = false, trapped = false;
    int signal = 0;  // to be given when it goes on
  };

  static bool wait_for_child(std::chrono::nanoseconds time) {
    if (time.count() <= 0) return false;
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    const timespec t{time.count() / 1'000'000'000, time.count() % 1'000'000'000};
    return sigtimedwait(&child, nullptr, &t) >= 0 || errno == EINTR;
  }

  bool seize_new() {
    bool any = false;
    DIR* dir = opendir(("/proc/" + std::to_string(pid_) + "/task").c_str());
    while (const dirent* entry = dir != nullptr ? readdir(dir) : nullptr) {
      const pid_t tid = std::atoi(entry->d_name);
      if (tid <= 0 || tasks_.contains(tid) || refused_.contains(tid)) continue;
      // The kernel's workers for io_uring cannot be.
      if (ptrace(PTRACE_SEIZE, tid, nullptr, PTRACE_O_TRACECLONE) == 0) {
        tasks_[tid] = {};
        any = true;
      } else {
        refused_[tid] = true;
      }
    }
    if (dir != nullptr) closedir(dir);
    return any;
  }

  void go_on(pid_t tid, task& t) {
    if (!t.stopped) return;
    t.stopped = false;
    ptrace(PTRACE_CONT, tid, nullptr, static_cast<long>(t.signal));
    t.signal = 0;
  }

  void saw(pid_t tid, int status) {
    if (!WIFSTOPPED(status)) {
      tasks_.erase(tid);
      if (tid == pid_) throw rt0db::failure(rt0db::no_process, "the process has ended");
      return;
    }
    task& t = tasks_[tid];  // a new thread's first stop may come before the news of it
    t.stopped = true;
    const int signal = WSTOPSIG(status), what = status >> 16;
    if (what == PTRACE_EVENT_CLONE) {
      unsigned long born = 0;
      ptrace(PTRACE_GETEVENTMSG, tid, nullptr, &born);
      tasks_.try_emplace(static_cast<pid_t>(born));
    } else if (what == 0) {
      user_regs_struct r{};
      registers(tid, &r);
      t.trapped = signal == SIGTRAP && is_place(r.rip);
      t.signal = t.trapped ? 0 : signal;
      if (t.trapped) take_signal(tid);
    }
  }

  // The thread stops again before it runs an instruction, and nobody has a signal for it any more: if we die
  // now the kernel does not give it one at a pc that we have changed.
  static void take_signal(pid_t tid) {
    int status = 0;
    ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr);
    ptrace(PTRACE_CONT, tid, nullptr, nullptr);
    waitpid(tid, &status, __WALL);
  }

  // Whichever comes first: of a process that ends, the leader comes only when all others were taken.
  void stop_all() {
    for (;;) {
      bool running = false;
      for (const auto& [tid, t] : tasks_) {
        if (t.stopped) continue;
        running = true;
        ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr);
      }
      if (!running) return;
      int status = 0;
      const pid_t tid = waitpid(-1, &status, __WALL);
      if (tid < 0) throw rt0db::failure(rt0db::no_process, "the process has ended");
      saw(tid, status);
    }
  }

  bool any_trapped() const {
    for (const auto& [tid, t] : tasks_) {
      if (t.trapped) return true;
    }
    return false;
  }
  pid_t take_trapped() {
    for (auto& [tid, t] : tasks_) {
      if (!t.trapped) continue;
      t.trapped = false;
      return tid;
    }
    return 0;
  }

  pid_t pid_;
  std::map<pid_t, task> tasks_;
  std::map<pid_t, bool> refused_;
};
