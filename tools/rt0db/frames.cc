#include "tools/rt0db/frames.h"

#include <algorithm>
#include <cstring>

namespace rt0db {
namespace {

constexpr int first_vector = 17, vectors = 16, flags_number = 49;

class live_frame final : public frame {
 public:
  live_frame(debuggee& target, std::uint64_t goid, const std::vector<stack_frame>& all, std::size_t index)
      : target_(target), goid_(goid), all_(all), of_(all[index]) {
    std::size_t next = index;
    while (next < all_.size() && all_[next].at.r[DW_RSP] == of_.at.r[DW_RSP]) next++;
    if (next < all_.size()) caller_ = std::make_unique<live_frame>(target, goid, all, next);
    if (const goroutine* one = target.find(goid)) g_ = one->address;
    tid_ = of_.all_registers ? target.thread_of(goid) : 0;
  }

  std::uintptr_t pc() const override { return of_.pc; }
  std::size_t place() const override { return target_.names().at(of_.pc).size() - 1 - of_.inlined; }
  bool get_register(int number, std::uint64_t* into) const override {
    const bool kept =
        number == DW_RBX || number == DW_RBP || number == DW_RSP || (number >= DW_R12 && number <= DW_R15);
    if (number >= 0 && number < DW_RIP && (kept || of_.all_registers)) {
      *into = of_.at.r[number];
      return true;
    }
    if (number == DW_RIP) {
      *into = of_.address + target_.bias();
      return true;
    }
    user_regs_struct regs{};
    if (number != flags_number || tid_ == 0 || !target_.process().registers(tid_, &regs)) return false;
    *into = regs.eflags;
    return true;
  }
  bool get_vector(int number, std::byte (&into)[16]) const override {
    user_fpregs_struct fp{};
    if (tid_ == 0 || number < first_vector || number >= first_vector + vectors ||
        !target_.process().fp_registers(tid_, &fp)) {
      return false;
    }
    memcpy(into, fp.xmm_space + 4 * (number - first_vector), sizeof(into));
    return true;
  }
  bool cfa(std::uintptr_t* into) const override {
    *into = of_.cfa;
    return of_.cfa != 0;
  }
  const frame* caller() const override { return caller_.get(); }
  bool innermost() const override { return of_.pc == of_.address; }

  std::uintptr_t bias() const override { return target_.bias(); }
  std::uintptr_t thread_pointer() const override { return g_; }
  bool read(std::uintptr_t address, void* into, std::size_t bytes) const override {
    return target_.process().read(address, into, bytes);
  }
  bool write(std::uintptr_t address, const void* from, std::size_t bytes) const override {
    return target_.process().write(address, from, bytes);
  }
  bool set_register(int number, std::uint64_t value) const override {
    user_regs_struct r{};
    if (tid_ == 0 || !target_.process().registers(tid_, &r)) return false;
    unsigned long long* const all[] = {&r.rax, &r.rdx, &r.rcx, &r.rbx, &r.rsi, &r.rdi, &r.rbp, &r.rsp, &r.r8,
                                       &r.r9,  &r.r10, &r.r11, &r.r12, &r.r13, &r.r14, &r.r15, &r.rip};
    if (number < 0 || number > DW_RIP) return false;
    *all[number] = value;
    return target_.process().set_registers(tid_, r);
  }

 private:
  debuggee& target_;
  std::uint64_t goid_;
  const std::vector<stack_frame>& all_;
  const stack_frame& of_;
  std::unique_ptr<live_frame> caller_;
  std::uintptr_t g_ = 0;
  pid_t tid_ = 0;  // of the thread that it runs on
};

}  // namespace

std::unique_ptr<frame> frame_of(debuggee& target, std::uint64_t goid, const std::vector<stack_frame>& all,
                                std::size_t index) {
  return std::make_unique<live_frame>(target, goid, all, index);
}

}  // namespace rt0db
