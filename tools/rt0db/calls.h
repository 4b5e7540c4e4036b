// The threads of a session, for calls of the program's functions (debug_call.h).
#pragma once
#include "tools/rt0db/debug_call.h"
#include "tools/rt0db/runner.h"

namespace rt0db {

// Breakpoints hold while a call is under way: a goroutine that comes to one ends the waiting for the call,
// and stopped() says who it was.
class session_threads final : public call_target {
 public:
  explicit session_threads(runner& r) : runner_(r), target_(r.target()) {}

  std::function<bool(std::uintptr_t)> is_place = [](std::uintptr_t) { return false; };
  const std::optional<rt0db::stop>& stopped() const { return stopped_; }

  std::vector<pid_t> threads() override;
  bool registers(pid_t tid, user_regs_struct* into) override {
    return target_.process().registers(tid, into);
  }
  bool set_registers(pid_t tid, const user_regs_struct& from) override {
    target_.moved();
    return target_.process().set_registers(tid, from);
  }
  bool fp_registers(pid_t tid, user_fpregs_struct* into) override {
    return target_.process().fp_registers(tid, into);
  }
  bool set_fp_registers(pid_t tid, const user_fpregs_struct& from) override {
    return target_.process().set_fp_registers(tid, from);
  }
  bool read(std::uintptr_t address, void* into, std::size_t bytes) override {
    return target_.process().read(address, into, bytes);
  }
  bool write(std::uintptr_t address, const void* from, std::size_t bytes) override {
    return target_.process().write(address, from, bytes);
  }
  stop run(int timeout_ms) override;

 private:
  runner& runner_;
  debuggee& target_;
  std::optional<rt0db::stop> stopped_;
};

}  // namespace rt0db
