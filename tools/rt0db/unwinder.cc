#include "tools/rt0db/unwinder.h"

#include <cstring>

#include "tools/rt0db/failure.h"

// libunwind's search in a .eh_frame_hdr of another process: exported, in no header. (perf uses it, too.)
extern "C" int _Ux86_64_dwarf_search_unwind_table(unw_addr_space_t, unw_word_t pc, unw_dyn_info_t*,
                                                  unw_proc_info_t*, int need, void* arg);

namespace rt0db {
namespace {

constexpr std::size_t most_frames = 20'000;
constexpr int kept[] = {DW_RBX, DW_RBP, DW_R12, DW_R13, DW_R14, DW_R15};
static_assert(UNW_X86_64_RBX == DW_RBX && UNW_X86_64_RBP == DW_RBP && UNW_X86_64_RSP == DW_RSP &&
              UNW_X86_64_R12 == DW_R12 && UNW_X86_64_R15 == DW_R15 && UNW_X86_64_RIP == DW_RIP);

}  // namespace

unwinder::unwinder(const image& program, const symbols& names, const snapshot& all)
    : program_(program), names_(names), all_(all) {
  unw_accessors_t accessors{};
  accessors.find_proc_info = find_proc_info;
  accessors.put_unwind_info = [](unw_addr_space_t, unw_proc_info_t*, void*) {};
  accessors.get_dyn_info_list_addr = [](unw_addr_space_t, unw_word_t*, void*) { return -UNW_ENOINFO; };
  accessors.access_mem = access_mem;
  accessors.access_reg = access_reg;
  accessors.access_fpreg = [](unw_addr_space_t, unw_regnum_t, unw_fpreg_t*, int, void*) {
    return -UNW_EBADREG;
  };
  accessors.resume = [](unw_addr_space_t, unw_cursor_t*, void*) { return -UNW_EINVAL; };
  accessors.get_proc_name = [](unw_addr_space_t, unw_word_t, char*, size_t, unw_word_t*, void*) {
    return -UNW_ENOINFO;
  };
  space_ = unw_create_addr_space(&accessors, 0);
  // .eh_frame_hdr (LSB), in the only form that linkers write and moduledataverify lets pass.
  std::uint32_t count = 0;
  if (space_ == nullptr || !program.read(program.eh_frame_hdr() + 8, &count, sizeof(count))) {
    throw failure(failed, "no unwind tables");
  }
  unw_set_caching_policy(space_, UNW_CACHE_GLOBAL);
  const std::uintptr_t header = program.eh_frame_hdr() + all.bias;
  table_.format = UNW_INFO_FORMAT_REMOTE_TABLE;
  table_.start_ip = 0;
  table_.end_ip = ~unw_word_t{0};
  table_.u.rti.segbase = header;
  table_.u.rti.table_data = header + 12;
  table_.u.rti.table_len = count * 8 / sizeof(unw_word_t);
}

unwinder::~unwinder() { unw_destroy_addr_space(space_); }

int unwinder::find_proc_info(unw_addr_space_t space, unw_word_t pc, unw_proc_info_t* info, int need,
                             void* self) {
  auto* u = static_cast<unwinder*>(self);
  if (!u->in_text(pc)) return -UNW_ENOINFO;
  const int result = _Ux86_64_dwarf_search_unwind_table(space, pc, &u->table_, info, need, self);
  // The table has where functions begin; where this one ends is in its own entry.
  return result == 0 && (pc < info->start_ip || pc >= info->end_ip) ? -UNW_ENOINFO : result;
}

int unwinder::access_mem(unw_addr_space_t, unw_word_t address, unw_word_t* value, int write, void* self) {
  return write == 0 && static_cast<unwinder*>(self)->read(address, value, sizeof(*value)) ? 0 : -UNW_EINVAL;
}

int unwinder::access_reg(unw_addr_space_t, unw_regnum_t reg, unw_word_t* value, int write, void* self) {
  if (write != 0 || reg < 0 || reg > DW_RIP) return -UNW_EBADREG;
  *value = static_cast<unwinder*>(self)->at_.r[reg];
  return 0;
}

bool unwinder::read(std::uintptr_t address, void* into, std::size_t bytes) const {
  for (const stack_copy& s : of_->stacks) {
    if (address >= s.lo && address < s.hi && bytes <= s.hi - address) {
      memcpy(into, s.bytes + (address - s.lo), bytes);
      return true;
    }
  }
  return program_.read(address - all_.bias, into, bytes);
}

bool unwinder::has_table(std::uintptr_t pc) {
  unw_proc_info_t info;
  return find_proc_info(space_, pc, &info, 0, this) == 0;
}

bool unwinder::in_text(std::uintptr_t pc) const { return program_.in_text(pc - all_.bias); }

std::uintptr_t unwinder::entry_of(std::uintptr_t pc) const {
  const std::uintptr_t in_file = names_.entry_of(pc - all_.bias);
  return in_file == 0 ? 0 : in_file + all_.bias;
}

stack_trace unwinder::walk_from(const registers& from) {
  stack_trace trace;
  at_ = from;
  while (trace.pcs.size() < most_frames) {
    if (!has_table(at_.r[DW_RIP])) {
      trace.pcs.push_back(at_.r[DW_RIP] - all_.bias);
      trace.at.push_back(at_);
      if (!rt0::step_without_table(*this, at_)) return trace;
      continue;
    }
    unw_cursor_t cursor;
    if (unw_init_remote(&cursor, space_, this) != 0) return trace;
    registers next = at_;
    trace.pcs.push_back(next.r[DW_RIP] - all_.bias);
    trace.at.push_back(next);
    for (;;) {
      const bool by_signal = unw_is_signal_frame(&cursor) > 0;
      const int stepped = unw_step(&cursor);
      unw_word_t pc = 0;
      if (stepped >= 0) unw_get_reg(&cursor, UNW_REG_IP, &pc);
      if (stepped <= 0 || pc == 0) {
        trace.whole = stepped >= 0;
        return trace;
      }
      for (int reg : kept) unw_get_reg(&cursor, reg, &next.r[reg]);
      unw_get_reg(&cursor, UNW_REG_SP, &next.r[DW_RSP]);
      next.r[DW_RIP] = by_signal ? pc : pc - 1;
      if (!has_table(next.r[DW_RIP]) || trace.pcs.size() >= most_frames) break;
      trace.pcs.push_back(next.r[DW_RIP] - all_.bias);
      trace.at.push_back(next);
    }
    at_ = next;
  }
  return trace;
}

stack_trace unwinder::walk(const goroutine& of) {
  if (!of.has_place) return {};
  of_ = &of;
  stack_trace trace = walk_from(of.at);
  const std::uintptr_t pc = of.at.r[DW_RIP];
  if (trace.pcs.size() == 1 && pc >= all_.core_text && pc < all_.core_text_end && of.g().sched.pc != pc) {
    // In the last instructions of a switch to it: on its stack, which is as it was saved.
    registers saved = of.at;
    saved.r[DW_RIP] = of.g().sched.pc;
    trace = walk_from(saved);
  }
  return trace;
}

}  // namespace rt0db
