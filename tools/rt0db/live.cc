#include "tools/rt0db/live.h"

#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include <algorithm>
#include <cerrno>

#include "tools/rt0db/failure.h"
#include "tools/rt0db/proc.h"

namespace rt0db {
namespace {

std::int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

}  // namespace

live_process::live_process(pid_t pid, const image& program) : pid_(pid), bias_(bias_of(pid, program)) {}

void live_process::stop() {
  sigset_t ending;
  sigemptyset(&ending);
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) sigaddset(&ending, signal);
  sigprocmask(SIG_BLOCK, &ending, &mask_);
  priority_ = getpriority(PRIO_PROCESS, 0);
  setpriority(PRIO_PROCESS, 0, -20);
  stopping_ = true;
  // A thread may make another before it is stopped; once a look finds none, none can come.
  while (seize_new_threads()) {
  }
  stopped_at_ns_ = monotonic_ns();
  for (const stopped& s : stopped_) {
    thread t{.tid = s.tid, .registers = {}};
    if (ptrace(PTRACE_GETREGS, s.tid, nullptr, &t.registers) == 0) threads_.push_back(t);
  }
  if (threads_.empty()) throw failure(no_process, "process " + std::to_string(pid_) + ": has ended");
}

void live_process::resume() noexcept {
  if (!stopping_) return;
  for (const stopped& s : stopped_) ptrace(PTRACE_DETACH, s.tid, nullptr, static_cast<long>(s.signal));
  stopping_ = false;
  stopped_.clear();
  setpriority(PRIO_PROCESS, 0, priority_);
  sigprocmask(SIG_SETMASK, &mask_, nullptr);
}

bool live_process::seize_new_threads() {
  std::vector<pid_t> fresh;
  for (const pid_t tid : threads_of(pid_)) {
    if (std::find(seen_.begin(), seen_.end(), tid) != seen_.end()) continue;
    seen_.push_back(tid);
    if (ptrace(PTRACE_SEIZE, tid, nullptr, nullptr) != 0) {
      if (errno == ESRCH) continue;  // it ended
      refuse(pid_, errno);
    }
    fresh.push_back(tid);
  }
  for (pid_t tid : fresh) ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr);
  for (pid_t tid : fresh) wait_for_stop(tid);
  return !fresh.empty();
}

void live_process::wait_for_stop(pid_t tid) {
  int status = 0;
  while (waitpid(tid, &status, __WALL) < 0) {
    if (errno != EINTR) return;
  }
  if (!WIFSTOPPED(status)) return;  // it ended
  // Our own stop, or one at a signal that was about to be delivered.
  stopped_.push_back({tid, status >> 16 == PTRACE_EVENT_STOP ? 0 : WSTOPSIG(status)});
}

}  // namespace rt0db
