#include "tools/rt0db/debuggee.h"

#include "tools/rt0db/failure.h"

namespace rt0db {

debuggee::debuggee(pid_t pid, const image& program)
    : program_(program), process_(pid, program), names_(program), code_(names_) {
  core_text_ = all().core_text - bias();
  core_text_end_ = all().core_text_end - bias();
}

on_thread debuggee::goroutine_on(pid_t tid) {
  user_regs_struct regs{};
  std::uintptr_t self = 0;
  on_thread there;
  if (!process_.registers(tid, &regs) || !process_.read(regs.gs_base + offsetof(rt0::m, self), &self) ||
      self != regs.gs_base || !process_.read(regs.gs_base + offsetof(rt0::m, curg), &there.g) ||
      there.g != regs.fs_base || !process_.read(there.g + offsetof(rt0::g, goid), &there.goid)) {
    return {};
  }
  return there;
}

pid_t debuggee::thread_of(std::uint64_t goid) {
  for (const thread& t : process_.threads()) {
    if (goroutine_on(t.tid).goid == goid) return t.tid;
  }
  return 0;
}

const snapshot& debuggee::all() {
  if (all_ == nullptr) all_ = std::make_unique<snapshot>(take_snapshot(process_, program_, false));
  return *all_;
}

const goroutine* debuggee::find(std::uint64_t goid) {
  for (const goroutine& one : all().goroutines) {
    if (one.g().goid == goid) return &one;
  }
  return nullptr;
}

std::vector<stack_frame> debuggee::frames(std::uint64_t goid, bool whole) {
  const goroutine* one = find(goid);
  if (one == nullptr) throw failure(failed, "no goroutine " + std::to_string(goid));
  std::vector<stack_frame> all_frames = frames_of(all(), *one);
  if (whole) return all_frames;
  std::vector<stack_frame> shown;
  for (std::size_t i = 0; i < all_frames.size(); i++) {
    const bool inside = i + 1 == all_frames.size() || all_frames[i + 1].core;
    const place& where = all_frames[i].where;
    if (where.inlined && is_internal(where)) continue;
    if (!all_frames[i].core || !inside) shown.push_back(all_frames[i]);
  }
  return shown.empty() ? all_frames : shown;
}

std::optional<stack_frame> debuggee::innermost(pid_t tid) {
  const on_thread there = goroutine_on(tid);
  if (there.goid == 0) return std::nullopt;
  const snapshot only = take_snapshot(process_, program_, true, there.g);
  if (only.goroutines.empty()) return std::nullopt;
  std::vector<stack_frame> all = frames_of(only, only.goroutines[0]);
  return all.empty() ? std::nullopt : std::optional(all[0]);
}

std::vector<stack_frame> debuggee::frames_of(const snapshot& from, const goroutine& one) {
  unwinder walker(program_, names_, from);
  const stack_trace trace = walker.walk(one);
  std::vector<stack_frame> all;
  for (std::size_t i = 0; i < trace.pcs.size(); i++) {
    stack_frame f;
    f.pc = trace.pcs[i];
    f.at = trace.at[i];
    f.address = i == 0 ? f.pc : f.pc + 1;
    f.all_registers = i == 0 && one.g().sched.sp == 0;
    f.cfa = i + 1 < trace.pcs.size() ? trace.at[i + 1].r[DW_RSP] : 0;
    f.core = is_core(f.pc);
    const std::vector<place>& places = names_.at(f.pc);
    // What is inlined in the runtime is its own business.
    for (std::size_t p = f.core ? places.size() - 1 : 0; p < places.size(); p++) {
      f.where = places[p];
      f.inlined = places.size() - 1 - p;
      all.push_back(f);
    }
  }
  return all;
}

}  // namespace rt0db
