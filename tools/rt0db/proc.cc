#include "tools/rt0db/proc.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/uio.h>
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

// (Field 9 of stat(5), behind a name that may contain anything.)
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

}  // namespace

std::string proc(pid_t pid, const std::string& what) { return "/proc/" + std::to_string(pid) + "/" + what; }

void refuse(pid_t pid, int error) {
  const std::string whom = "process " + std::to_string(pid);
  if (error == ENOENT || error == ESRCH) throw failure(no_process, "no such " + whom);
  throw failure(no_process, whom + ": not permitted to look at it (" + strerror(error) + ")");
}

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

std::vector<pid_t> threads_of(pid_t pid) {
  const std::unique_ptr<DIR, int (*)(DIR*)> tasks(opendir(proc(pid, "task").c_str()), closedir);
  if (tasks == nullptr) refuse(pid, errno);
  std::vector<pid_t> all;
  while (const dirent* entry = readdir(tasks.get())) {
    const pid_t tid = atoi(entry->d_name);
    if (tid > 0 && !is_io_worker(pid, tid)) all.push_back(tid);
  }
  return all;
}

// As many ranges a call as the kernel takes. It stops at the first that it cannot read.
void read_memory(pid_t pid, std::span<piece> pieces) {
  std::vector<iovec> local, remote;
  for (std::size_t done = 0; done < pieces.size();) {
    const auto batch = pieces.subspan(done, std::min<std::size_t>(pieces.size() - done, IOV_MAX));
    local.clear();
    remote.clear();
    for (const piece& p : batch) {
      local.push_back({p.into, p.bytes});
      remote.push_back({reinterpret_cast<void*>(p.address), p.bytes});
    }
    const ssize_t got = process_vm_readv(pid, local.data(), local.size(), remote.data(), remote.size(), 0);
    std::size_t left = got < 0 ? 0 : static_cast<std::size_t>(got), whole = 0;
    while (whole < batch.size() && batch[whole].bytes <= left) left -= batch[whole++].bytes;
    if (whole < batch.size()) batch[whole++].into = nullptr;
    done += whole;
  }
}

}  // namespace rt0db
