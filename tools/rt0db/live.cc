#include "tools/rt0db/live.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "tools/rt0db/failure.h"

namespace rt0db {
namespace {

std::string proc(pid_t pid, const char* what) { return "/proc/" + std::to_string(pid) + "/" + what; }

[[noreturn]] void refuse(pid_t pid, int error) {
  const std::string whom = "process " + std::to_string(pid);
  if (error == ENOENT || error == ESRCH) throw failure(no_process, "no such " + whom);
  throw failure(no_process, whom + ": not permitted to look at it (" + strerror(error) + ")");
}

// Where the kernel put the program's headers, less where the file has them.
std::uintptr_t bias_of(pid_t pid, const image& program) {
  const int fd = open(proc(pid, "auxv").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) refuse(pid, errno);
  Elf64_auxv_t entries[64];
  const ssize_t bytes = ::read(fd, entries, sizeof(entries));
  close(fd);
  for (std::size_t i = 0; bytes > 0 && i < static_cast<std::size_t>(bytes) / sizeof(entries[0]); i++) {
    if (entries[i].a_type == AT_PHDR) return entries[i].a_un.a_val - program.phdr_address();
  }
  throw failure(no_process, "process " + std::to_string(pid) + ": has ended");
}

// The kernel's own worker for io_uring, listed among the threads with registers copied from the one that it
// works for. (Field 9 of stat(5), behind a name that may contain anything.)
bool is_io_worker(pid_t pid, pid_t tid) {
  constexpr unsigned long io_worker = 0x10;  // PF_IO_WORKER
  char text[512] = {};
  const int fd =
      open(proc(pid, ("task/" + std::to_string(tid) + "/stat").c_str()).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const ssize_t bytes = ::read(fd, text, sizeof(text) - 1);
  close(fd);
  const char* behind_name = bytes > 0 ? strrchr(text, ')') : nullptr;
  unsigned long flags = 0;
  return behind_name != nullptr && sscanf(behind_name, ") %*c %*d %*d %*d %*d %*d %lu", &flags) == 1 &&
         (flags & io_worker) != 0;
}

std::int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

}  // namespace

std::string program_of(pid_t pid) {
  const std::string exe = proc(pid, "exe");
  char target[PATH_MAX];
  if (readlink(exe.c_str(), target, sizeof(target)) < 0) {
    const int error = errno;
    if (error == ENOENT && access(proc(pid, "").c_str(), F_OK) == 0) {
      throw failure(not_rt0,
                    "process " + std::to_string(pid) + ": has no program (a kernel thread, or it has ended)");
    }
    refuse(pid, error);
  }
  return exe;
}

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
  const std::unique_ptr<DIR, int (*)(DIR*)> tasks(opendir(proc(pid_, "task").c_str()), closedir);
  if (tasks == nullptr) refuse(pid_, errno);
  std::vector<pid_t> fresh;
  while (const dirent* entry = readdir(tasks.get())) {
    const pid_t tid = atoi(entry->d_name);
    if (tid <= 0 || std::find(seen_.begin(), seen_.end(), tid) != seen_.end()) continue;
    seen_.push_back(tid);
    if (is_io_worker(pid_, tid)) continue;
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

// As many ranges a call as the kernel takes. It stops at the first that it cannot read.
void live_process::read(std::span<piece> pieces) {
  std::vector<iovec> local, remote;
  for (std::size_t done = 0; done < pieces.size();) {
    const auto batch = pieces.subspan(done, std::min<std::size_t>(pieces.size() - done, IOV_MAX));
    local.clear();
    remote.clear();
    for (const piece& p : batch) {
      local.push_back({p.into, p.bytes});
      remote.push_back({reinterpret_cast<void*>(p.address), p.bytes});
    }
    const ssize_t got = process_vm_readv(pid_, local.data(), local.size(), remote.data(), remote.size(), 0);
    std::size_t left = got < 0 ? 0 : static_cast<std::size_t>(got), whole = 0;
    while (whole < batch.size() && batch[whole].bytes <= left) left -= batch[whole++].bytes;
    if (whole < batch.size()) batch[whole++].into = nullptr;
    done += whole;
  }
}

}  // namespace rt0db
