// step [--count] [--inject LEAF:REG:AND:OR]... PROGRAM ARGS...: runs a static program one instruction at a
// time and reports the CPUID and XGETBV instructions that it executes, to show which ones a start costs (each
// traps in a virtual machine: 4-5 us).
//
// --inject answers for the CPU: right after CPUID of LEAF (or after XGETBV, for the word xgetbv) REG becomes
// (REG & AND) | OR. So a missing feature or another vendor can be shown on any machine; may be given many
// times.
// --count prints the totals only.
//
// Hosted: built by the machine's own compiler, not on rt0. The report goes to stderr, each line begins with
// "step: "; the exit status is the program's, 128 + N when signal N ended it. Only the first thread is
// stepped. A code page is read once, and both processes share one CPU, where a step costs a third of what it
// costs between two.
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

using reg = unsigned long long user_regs_struct::*;

struct injection {
  bool xgetbv = false;
  uint32_t leaf = 0;
  reg which = nullptr;
  uint64_t keep = 0, set = 0;
};

struct options {
  bool count_only = false;
  std::vector<injection> injections;
  char** program = nullptr;
};

struct totals {
  uint64_t steps = 0, cpuids = 0, xgetbvs = 0;
};

enum class kind { other, cpuid, xgetbv };

constexpr uint64_t page_bytes = 4096;

[[noreturn]] void usage() {
  fprintf(stderr,
          "usage: step [--count] [--inject LEAF:REG:AND:OR]... PROGRAM ARGS...\n"
          "       LEAF: a number or xgetbv; REG: eax ebx ecx edx\n");
  exit(2);
}

injection parse_injection(const char* text) {
  using r = user_regs_struct;
  static const std::map<std::string, reg> regs = {
      {"eax", &r::rax}, {"ebx", &r::rbx}, {"ecx", &r::rcx}, {"edx", &r::rdx}};
  std::array<std::string, 4> part;
  size_t n = 0;
  for (const char* c = text; *c; ++c) {
    if (*c != ':')
      part[n] += *c;
    else if (++n == part.size())
      usage();
  }
  const auto found = regs.find(part[1]);
  if (n != 3 || found == regs.end()) usage();
  injection i;
  i.xgetbv = part[0] == "xgetbv";
  i.leaf = static_cast<uint32_t>(strtoul(part[0].c_str(), nullptr, 0));
  i.which = found->second;
  i.keep = strtoul(part[2].c_str(), nullptr, 0);
  i.set = strtoul(part[3].c_str(), nullptr, 0);
  return i;
}

options parse(int argc, char** argv) {
  options o;
  int i = 1;
  for (; i < argc && argv[i][0] == '-'; ++i) {
    if (!strcmp(argv[i], "--count"))
      o.count_only = true;
    else if (!strcmp(argv[i], "--inject") && i + 1 < argc)
      o.injections.push_back(parse_injection(argv[++i]));
    else if (!strcmp(argv[i], "--")) {
      ++i;
      break;
    } else
      usage();
  }
  if (i >= argc) usage();
  o.program = argv + i;
  return o;
}

// The traced program's code, read page by page.
class code {
 public:
  explicit code(pid_t pid) : pid_(pid) {}
  kind at(uint64_t pc) {
    const uint8_t b[3] = {byte(pc), byte(pc + 1), byte(pc + 2)};
    if (b[0] != 0x0f) return kind::other;
    if (b[1] == 0xa2) return kind::cpuid;
    return b[1] == 0x01 && b[2] == 0xd0 ? kind::xgetbv : kind::other;
  }

 private:
  uint8_t byte(uint64_t address) {
    const uint64_t page = address & ~(page_bytes - 1);
    if (page != last_ || !bytes_) {
      auto [it, is_new] = pages_.try_emplace(page);
      if (is_new) {
        iovec local{it->second.data(), page_bytes}, remote{reinterpret_cast<void*>(page), page_bytes};
        process_vm_readv(pid_, &local, 1, &remote, 1, 0);  // unreadable: zeroes, which are no CPUID
      }
      last_ = page;
      bytes_ = it->second.data();
    }
    return bytes_[address - page];
  }
  pid_t pid_;
  std::unordered_map<uint64_t, std::array<uint8_t, page_bytes>> pages_;
  uint64_t last_ = 0;
  uint8_t* bytes_ = nullptr;
};

void share_one_cpu() {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(sched_getcpu()), &set);
  sched_setaffinity(0, sizeof set, &set);  // inherited by the program
}

pid_t start(char** program) {
  const pid_t pid = fork();
  if (pid == 0) {
    ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    execv(program[0], program);
    fprintf(stderr, "step: %s: %s\n", program[0], strerror(errno));
    _exit(127);
  }
  return pid;
}

void inject(pid_t pid, const options& o, kind k, uint32_t leaf) {
  user_regs_struct r;
  bool changed = false;
  for (const injection& i : o.injections) {
    if (i.xgetbv != (k == kind::xgetbv) || (!i.xgetbv && i.leaf != leaf)) continue;
    if (!changed) ptrace(PTRACE_GETREGS, pid, nullptr, &r);
    r.*i.which = ((r.*i.which & i.keep) | i.set) & 0xffffffff;
    changed = true;
  }
  if (changed) ptrace(PTRACE_SETREGS, pid, nullptr, &r);
}

// One step, and whatever it was is reported and its answer changed. Returns the wait status after it.
int step(pid_t pid, code& text, const options& o, totals& t, int signal) {
  const long pc = ptrace(PTRACE_PEEKUSER, pid, offsetof(user_regs_struct, rip), nullptr);
  const kind k = text.at(static_cast<uint64_t>(pc));
  user_regs_struct before{};
  if (k != kind::other) ptrace(PTRACE_GETREGS, pid, nullptr, &before);
  ptrace(PTRACE_SINGLESTEP, pid, nullptr, reinterpret_cast<void*>(static_cast<intptr_t>(signal)));
  int status = 0;
  waitpid(pid, &status, 0);
  ++t.steps;
  const auto leaf = static_cast<uint32_t>(before.rax), subleaf = static_cast<uint32_t>(before.rcx);
  if (k == kind::cpuid && signal == 0) {
    ++t.cpuids;
    if (!o.count_only) fprintf(stderr, "step: cpuid leaf 0x%x subleaf 0x%x\n", leaf, subleaf);
  } else if (k == kind::xgetbv && signal == 0) {
    ++t.xgetbvs;
    if (!o.count_only) fprintf(stderr, "step: xgetbv %u\n", subleaf);
  }
  if (k != kind::other && signal == 0 && WIFSTOPPED(status)) inject(pid, o, k, leaf);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  const options o = parse(argc, argv);
  share_one_cpu();
  const pid_t pid = start(o.program);
  int status = 0;
  if (pid < 0 || waitpid(pid, &status, 0) != pid) return perror("step"), 1;
  if (WIFSTOPPED(status)) ptrace(PTRACE_SETOPTIONS, pid, nullptr, reinterpret_cast<void*>(PTRACE_O_EXITKILL));
  code text(pid);
  totals t;
  while (WIFSTOPPED(status)) {
    const int signal = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);  // a trap is ours, or execve's
    status = step(pid, text, o, t, signal);
  }
  fprintf(stderr, "step: instructions %lu cpuid %lu xgetbv %lu\n", t.steps, t.cpuids, t.xgetbvs);
  if (WIFSIGNALED(status)) {
    fprintf(stderr, "step: signal %d\n", WTERMSIG(status));
    return 128 + WTERMSIG(status);
  }
  fprintf(stderr, "step: exit %d\n", WEXITSTATUS(status));
  return WEXITSTATUS(status);
}
