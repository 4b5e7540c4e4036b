// A running process.
//
// PTRACE_SEIZE leaves no trace, PTRACE_INTERRUPT stops a thread as a signal would that nobody handles: a
// system call that was under way is begun again by the kernel with what was left of its time, or returns
// EINTR where it would for a signal (io_uring_enter, epoll_wait: the runtime repeats them). Signals that come
// in between are given back. If we die the kernel lets all threads go; the signals that end us from a
// terminal are kept back for the time of the stop, so that a pending signal of the process is not lost with
// us.
#pragma once
#include <signal.h>

#include "tools/rt0db/image.h"
#include "tools/rt0db/proc.h"
#include "tools/rt0db/process.h"

namespace rt0db {

class live_process final : public process {
 public:
  // Throws failure(no_process).
  live_process(pid_t pid, const image& program);
  live_process(const live_process&) = delete;
  live_process& operator=(const live_process&) = delete;
  ~live_process() override { resume(); }

  // Throws failure(no_process).
  void stop() override;
  void resume() noexcept override;

  std::span<const thread> threads() const override { return threads_; }
  std::uintptr_t bias() const override { return bias_; }
  std::int64_t stopped_at_ns() const override { return stopped_at_ns_; }
  using process::read;
  void read(std::span<piece> pieces) override { read_memory(pid_, pieces); }

 private:
  bool seize_new_threads();
  void wait_for_stop(pid_t tid);

  struct stopped {
    pid_t tid;
    int signal;  // to be given back
  };

  pid_t pid_;
  std::uintptr_t bias_ = 0;
  std::int64_t stopped_at_ns_ = 0;
  bool stopping_ = false;
  sigset_t mask_{};
  int priority_ = 0;
  std::vector<pid_t> seen_;  // threads, those that ended included
  std::vector<stopped> stopped_;
  std::vector<thread> threads_;
};

}  // namespace rt0db
