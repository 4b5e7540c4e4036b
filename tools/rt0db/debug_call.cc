#include "tools/rt0db/debug_call.h"

#include <cxxabi.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "tools/rt0db/failure.h"

namespace rt0db {
namespace {

constexpr std::size_t max_text_bytes = 4096;

// The kernel's own errors (linux/errno.h), which it shows to a debugger only: the call is to be made again.
bool is_restart(const user_regs_struct& r) {
  constexpr long first = -516, last = -512;  // ERESTART_RESTARTBLOCK, ERESTARTSYS
  const auto error = static_cast<long>(r.rax);
  return static_cast<long>(r.orig_rax) >= 0 && error >= first && error <= last;
}

std::string demangled(const std::string& name) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(
      abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), std::free);
  return text != nullptr ? text.get() : name;
}

std::uintptr_t address_of(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

// What is left of a time limit.
class time_limit {
 public:
  explicit time_limit(int ms) : ms_(ms) {}

  int left_ms() const {
    using namespace std::chrono;
    if (ms_ < 0) return -1;
    const auto spent = duration_cast<milliseconds>(steady_clock::now() - begin_).count();
    return spent < ms_ ? ms_ - static_cast<int>(spent) : 0;
  }

 private:
  int ms_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace

// A thread as it was found, and by what way it may come in.
struct debug_caller::host {
  enum class kind { goroutine, idle, none };
  pid_t tid;
  kind what;
  bool holds;
  const char* why_not;  // none
  user_regs_struct registers;
};

// What of an M says where its thread is.
struct debug_caller::m_words {
  std::uintptr_t curg, p;
  std::int32_t procid;
  std::uint32_t insig, locks;
  bool in_netpoller;
};

struct debug_caller::pending {
  const host& from;
  std::uint64_t token;
  call_result& result;
  std::uintptr_t result_place = 0;
  bool over = false, resumed = false;
  std::optional<std::string> refused;
};

debug_caller::debug_caller(call_target& target, std::uintptr_t table) : target_(target) {
  rt0::debugger_table all;
  if (!target.read(table, &all)) throw failure(failed, "the runtime's table cannot be read");
  core_text_ = address_of(all.core_text);
  core_text_end_ = address_of(all.core_text_end);
  at_ = all.debug_call;
}

bool debug_caller::is_place(std::uintptr_t pc) const {
  for (const char* place :
       {at_.nowhere, at_.refused, at_.resumed, at_.ready, at_.returned, at_.threw, at_.ended}) {
    if (pc == address_of(place)) return true;
  }
  return false;
}

call_result debug_caller::call(const call_request& request) {
  call_result result;
  for (int i = 0; i < tries; i++) {
    std::optional<std::string> why;
    for (pid_t tid : candidates(request)) {
      host h = look_at(tid);  // now: a detour that was refused has let all threads run
      h.holds = tid == request.thread;
      auto refused =
          h.what == host::kind::none ? std::optional<std::string>(h.why_not) : detour(h, request, result);
      if (!refused) return result;
      if (!why) why = std::move(refused);
    }
    result.text = why.value_or("there is no thread");
    if (request.strict) return result;
    const call_target::stop next = target_.run(1);
    if (next.what == call_target::event::other || next.what == call_target::event::interrupted) return result;
  }
  return result;
}

// The one that is asked for; those that sleep, whom it costs nothing; others' goroutines.
std::vector<pid_t> debug_caller::candidates(const call_request& request) {
  std::vector<pid_t> wanted, idle, others;
  for (pid_t tid : target_.threads()) {
    (tid == request.thread ? wanted : look_at(tid).what == host::kind::idle ? idle : others).push_back(tid);
  }
  if (request.strict) return wanted;
  wanted.insert(wanted.end(), idle.begin(), idle.end());
  wanted.insert(wanted.end(), others.begin(), others.end());
  return wanted;
}

// A thread in a handler of the kernel's, or that has raised m->locks (it may be making a thread), may have
// all signals blocked: an int3 would then set SIGTRAP's action to the default for good.
debug_caller::host debug_caller::look_at(pid_t tid) {
  host h{tid, host::kind::none, false, "its thread is none of the runtime's", {}};
  if (!target_.registers(tid, &h.registers)) return h;
  const user_regs_struct& r = h.registers;
  m_words m;
  if (r.gs_base == 0 || !read_m(r.gs_base, m) || (m.procid != 0 && m.procid != tid)) return h;
  const bool in_core = r.rip - core_text_ < core_text_end_ - core_text_;
  const bool was_interrupted = is_restart(r) || static_cast<long>(r.rax) == -EINTR;
  if (m.insig != 0) {
    h.why_not = "it is in a signal handler of the runtime's";
  } else if (m.locks != (m.in_netpoller ? 1 : 0)) {
    h.why_not = "it holds a lock of the runtime's";
  } else if (m.curg == 0 && m.p == 0 && in_core && static_cast<long>(r.orig_rax) >= 0 && was_interrupted) {
    h.what = host::kind::idle;
  } else if (m.curg == 0 || r.fs_base != m.curg) {
    h.why_not = "its thread is in the scheduler";
  } else if (is_restart(r)) {
    h.why_not = "it is in a system call";
  } else if (in_core) {
    h.why_not = "it is in the runtime's own code";
  } else {
    h.what = host::kind::goroutine;
  }
  return h;
}

bool debug_caller::read_m(std::uintptr_t address, m_words& into) {
  std::uintptr_t self = 0;
  return target_.read(address + offsetof(rt0::m, self), &self) && self == address &&
         target_.read(address + offsetof(rt0::m, curg), &into.curg) &&
         target_.read(address + offsetof(rt0::m, p), &into.p) &&
         target_.read(address + offsetof(rt0::m, procid), &into.procid) &&
         target_.read(address + offsetof(rt0::m, insig), &into.insig) &&
         target_.read(address + offsetof(rt0::m, locks), &into.locks) &&
         target_.read(address + offsetof(rt0::m, in_netpoller), &into.in_netpoller);
}

// False: its stack cannot take it.
bool debug_caller::send(const host& h, std::uint64_t token) {
  user_regs_struct r = h.registers;
  // And some words below, which shows that the entry has room to look at how much there is.
  const std::uint64_t words[] = {0, 0, 0, 0, token, r.rip};
  r.rsp -= DEBUG_CALL_ENTRY_BYTES;
  if (!target_.write(r.rsp + 2 * sizeof(token) - sizeof(words), words, sizeof(words))) return false;
  // As for a signal's handler, but that the runtime's sleeps take EINTR as they come.
  if (h.what == host::kind::idle) r.rax = static_cast<unsigned long>(-EINTR);
  r.orig_rax = static_cast<unsigned long>(-1);
  r.rip = reinterpret_cast<std::uintptr_t>(at_.entry);
  return target_.set_registers(h.tid, r);
}

// Why this thread will not do; nothing: the call was made, and `result` is its.
std::optional<std::string> debug_caller::detour(const host& h, const call_request& request,
                                                call_result& result) {
  const bool holds = h.holds && h.what == host::kind::goroutine;
  const std::uint64_t token =
      static_cast<std::uint64_t>(getpid()) << 32 | ++calls_ << 1 | (holds ? DEBUG_CALL_HOLDS : 0);
  if (!send(h, token)) return "its stack cannot be written to";
  pending p{.from = h, .token = token, .result = result, .refused = {}};
  const time_limit limit(request.timeout_ms);
  while (!(p.over && p.resumed)) {
    const call_target::stop next = target_.run(limit.left_ms());
    if (next.what == call_target::event::trap) {
      if (at_place(next.tid, request, p)) return p.refused;
      continue;
    }
    if (p.over) return std::nullopt;
    result.what = call_result::kind::interrupted;
    result.text = next.what == call_target::event::overdue ? "it takes too long"
                  : next.what == call_target::event::other ? "another thread stopped"
                                                           : "interrupted";
    return std::nullopt;
  }
  return std::nullopt;
}

// True: the thread refused.
bool debug_caller::at_place(pid_t tid, const call_request& request, pending& p) {
  user_regs_struct r;
  if (!target_.registers(tid, &r)) return false;
  const auto is = [&](const char* place) { return r.rip == address_of(place); };
  if (is(at_.refused) || is(at_.nowhere)) {
    if (tid != p.from.tid) return false;
    p.refused = string_at(r.rdi);
    target_.set_registers(tid, p.from.registers);
    return true;
  }
  if (is(at_.resumed)) {
    std::uint64_t token = 0;
    if (!target_.read(r.rsp, &token) || token != p.token) return false;
    resume(r, tid);
    p.resumed = true;
    if ((token & DEBUG_CALL_HOLDS) != 0) p.result.thread = tid;
    return false;
  }
  if (r.r12 != p.token) return false;
  if (is(at_.ready)) {
    begin(r, tid, request, p);
    return false;
  }
  p.over = true;
  if (is(at_.returned)) {
    p.result.what = call_result::kind::returned;
    user_fpregs_struct fp{};
    target_.fp_registers(tid, &fp);
    p.result.value = result_of(request.result, r, fp);
    if (p.result_place != 0) {
      target_.read(p.result_place, p.result.value.data(), p.result.value.size());
    }
  } else if (is(at_.threw)) {
    p.result.what = call_result::kind::threw;
    p.result.type = r.rdi != 0 ? demangled(string_at(r.rdi)) : "";
    p.result.text = r.rsi != 0 ? string_at(r.rsi) : "";
  } else {
    p.result.what = call_result::kind::ended;
  }
  return false;
}

// At `ready`: the call's goroutine gets its function.
void debug_caller::begin(user_regs_struct& r, pid_t tid, const call_request& request, pending& p) {
  p.result.goid = r.rdx;
  const auto frame = call_frame::make(request.arguments, request.result, r.rsp, r.rsi);
  user_fpregs_struct fp{};
  if (!frame || !target_.write(frame->sp, frame->stack.data(), frame->stack.size()) ||
      !target_.fp_registers(tid, &fp)) {
    p.result.what = call_result::kind::refused;
    p.result.text = "the arguments do not fit on a stack";
    p.over = true;  // without a function it ends
    return;
  }
  for (int i = 0; i < frame->vectors_used; i++) memcpy(&fp.xmm_space[4 * i], &frame->vectors[i], 8);
  target_.set_fp_registers(tid, fp);
  r.rdi = frame->integers[0], r.rsi = frame->integers[1], r.rdx = frame->integers[2];
  r.rcx = frame->integers[3], r.r8 = frame->integers[4], r.r9 = frame->integers[5];
  r.rax = static_cast<unsigned long>(frame->vectors_used);  // of a function with variable arguments
  r.r11 = request.function;
  r.rsp = frame->sp;
  target_.set_registers(tid, r);
  p.result_place = frame->result;
}

// At `resumed`: what its next two instructions would do.
void debug_caller::resume(user_regs_struct& r, pid_t tid) {
  std::uint64_t pc = 0;
  target_.read(r.rsp + sizeof(std::uint64_t), &pc);
  r.rip = pc;
  r.rsp += DEBUG_CALL_ENTRY_BYTES;
  r.orig_rax = static_cast<unsigned long>(-1);
  target_.set_registers(tid, r);
}

std::string debug_caller::string_at(std::uintptr_t address) {
  std::string text;
  char c = 0;
  while (text.size() < max_text_bytes && target_.read(address + text.size(), &c) && c != 0) text += c;
  return text;
}

}  // namespace rt0db
