#include "tools/rt0db/stepping.h"

#include <algorithm>

#include "tools/rt0db/failure.h"

namespace rt0db {
namespace {

constexpr int most_steps = 100'000;

bool is_there(const stop& s) { return s.why == stop::kind::place; }

const line_range* range_at(const std::vector<line_range>& ranges, std::uintptr_t pc) {
  for (const line_range& r : ranges) {
    if (pc >= r.begin && pc < r.end) return &r;
  }
  return nullptr;
}

// One goroutine's step.
class stepper {
 public:
  stepper(runner& r, std::uint64_t goid) : runner_(r), target_(r.target()), goid_(goid) {}

  stop next() {
    if (const auto early = come_home()) return *early;
    return leave_line(frames_[0]);
  }

  stop into() {
    if (const auto early = come_home()) return *early;
    const stack_frame from = frames_[0];
    const std::vector<line_range> ranges = lines_of(from);
    pid_t tid = target_.thread_of(goid_);
    for (int i = 0; i < most_steps; i++) {
      user_regs_struct regs{};
      const bool stepped = target_.process().step(tid);
      target_.moved();
      if (target_.process().ended()) return {.why = stop::kind::ended};
      if (!stepped || target_.goroutine_on(tid).goid != goid_ || !target_.process().registers(tid, &regs))
        break;
      const std::uintptr_t pc = regs.rip - target_.bias();
      if (const breakpoint* b = runner_.hit(pc, goid_)) {
        return {.why = stop::kind::breakpoint, .tid = tid, .goid = goid_, .number = b->number, .pc = pc};
      }
      if (const line_range* here = range_at(ranges, pc)) {
        if (pc == here->begin && here->statement && is_other(*here, from)) return arrived(tid, pc);
        continue;
      }
      if (from.cfa != 0 && regs.rsp >= from.cfa) return arrived(tid, pc);  // it has returned
      if (const auto end = enter(ranges, regs, &tid)) return *end;
    }
    if (target_.thread_of(goid_) == 0) return next();
    frames_ = target_.frames(goid_, true);
    return frames_.empty() || frames_[0].core ? next() : leave_line(frames_[0]);
  }

  stop out(const stack_frame& from) {
    frames_ = target_.frames(goid_, true);
    if (from.where.inlined) return leave_line(from, false);
    const auto caller = std::find_if(frames_.begin(), frames_.end(),
                                     [&](const stack_frame& f) { return f.at.r[DW_RSP] == from.cfa; });
    if (from.cfa == 0 || caller == frames_.end()) throw failure(failed, "nobody called the outermost frame");
    return run_with_exceptions({arrives(target_, goid_, {caller->address}, from.cfa)}, from);
  }

 private:
  static stop arrived(pid_t tid, std::uintptr_t pc, std::uint64_t goid) {
    return {.why = stop::kind::place, .tid = tid, .goid = goid, .pc = pc};
  }
  stop arrived(pid_t tid, std::uintptr_t pc) const { return arrived(tid, pc, goid_); }

  static bool is_other(const line_range& r, const stack_frame& from) {
    return r.line != 0 && (r.line != from.where.line || r.file != from.where.file);
  }

  std::vector<line_range> lines_of(const stack_frame& of) {
    std::vector<line_range> ranges = target_.code().function_at(of.pc);
    if (ranges.empty()) throw failure(failed, "no line is known of where it is: use finish, or a breakpoint");
    return ranges;
  }

  // To code of its own. Nothing: it is there, in frames_[0].
  std::optional<stop> come_home() {
    frames_ = target_.frames(goid_, true);
    const auto own =
        std::find_if(frames_.begin(), frames_.end(), [](const stack_frame& f) { return has_lines(f); });
    if (own == frames_.end()) throw failure(failed, "no line is known of any of its frames");
    if (target_.thread_of(goid_) != 0 && own->at.r[DW_RSP] == frames_[0].at.r[DW_RSP]) {
      frames_.erase(frames_.begin(), own);
      return std::nullopt;
    }
    const stack_frame home = *own;
    const stop s = run_with_exceptions({arrives(target_, goid_, {home.address}, home.at.r[DW_RSP])}, home);
    if (!is_there(s)) return s;
    frames_ = target_.frames(goid_, true);
    if (frames_.empty() || frames_[0].where.line != home.where.line) return s;
    return std::nullopt;  // still in that line
  }

  static bool has_lines(const stack_frame& f) { return !f.core && f.where.line != 0; }

  // Runs to another line of from's function, in this frame, or to whom it returns. inside: not out of an
  // inlined function only.
  stop leave_line(const stack_frame& from, bool inside = true) {
    const std::size_t depth = from.inlined;
    waypoint others;
    for (const line_range& r : lines_of(from)) {
      if (!r.statement || !is_other(r, from)) continue;
      const std::size_t there = target_.names().at(r.begin).size() - 1;
      if (inside ? there <= depth : there < depth) others.at.insert(r.begin);
    }
    others.when = in_frame(from.cfa);
    std::vector<waypoint> all{others};
    const auto caller = std::find_if(frames_.begin(), frames_.end(),
                                     [&](const stack_frame& f) { return f.at.r[DW_RSP] == from.cfa; });
    if (caller != frames_.end()) all.push_back(arrives(target_, goid_, {caller->address}, from.cfa));
    return run_with_exceptions(std::move(all), from);
  }

  std::function<bool(pid_t, const on_thread&)> in_frame(std::uintptr_t cfa) {
    return [this, cfa](pid_t tid, const on_thread& there) {
      if (there.goid != goid_) return false;
      const auto here = target_.innermost(tid);
      return here && here->cfa == cfa;
    };
  }

  // And to a handler of an exception, in this frame or further out.
  stop run_with_exceptions(std::vector<waypoint> all, const stack_frame& from) {
    const std::size_t hook = all.size();
    std::uintptr_t handler = 0, cfa = 0;
    try {
      const auto at = target_.code().find("_Unwind_DebugHook", "");
      all.push_back({{at.begin(), at.end()}, [&](pid_t tid, const on_thread& there) {
                       user_regs_struct regs{};
                       if (there.goid != goid_ || !target_.process().registers(tid, &regs)) return false;
                       cfa = regs.rdi;
                       handler = regs.rsi - target_.bias();
                       return cfa >= from.cfa ||
                              target_.names().entry_of(handler) == target_.names().entry_of(from.pc);
                     }});
    } catch (const failure&) {
      // nobody throws in this program, or it is stripped
    }
    stop s = runner_.run(all);
    if (!is_there(s) || s.index != hook || all.size() == hook) return s;
    return runner_.run(
        {cfa >= from.cfa ? arrives(target_, goid_, {handler}) : waypoint{{handler}, in_frame(from.cfa)}});
  }

  // The line has called a function, whose first instruction is next. Nothing: it has returned since.
  std::optional<stop> enter(const std::vector<line_range>& ranges, const user_regs_struct& regs, pid_t* tid) {
    const std::uintptr_t pc = regs.rip - target_.bias();
    std::uintptr_t back = 0;
    if (!target_.process().read(regs.rsp, &back) || range_at(ranges, back - target_.bias()) == nullptr) {
      return std::nullopt;  // a jump out of the function's lines
    }
    const std::vector<line_range> callee =
        target_.is_core(pc) ? std::vector<line_range>() : target_.code().function_at(pc);
    const bool enters = !callee.empty() && !callee[0].file.starts_with("/usr/") && callee[0].line != 0;
    std::uintptr_t to = back - target_.bias();
    if (enters) to = target_.code().behind_prologue(pc);
    if (to == pc) return arrived(*tid, pc);
    const stop s = runner_.run({arrives(target_, goid_, {to}, enters ? 0 : regs.rsp + sizeof(back))});
    if (!is_there(s) || enters) return s;
    *tid = s.tid;
    return std::nullopt;
  }

  runner& runner_;
  debuggee& target_;
  std::uint64_t goid_;
  std::vector<stack_frame> frames_;
};

}  // namespace

stop next_line(runner& r, std::uint64_t goid) { return stepper(r, goid).next(); }
stop step_into(runner& r, std::uint64_t goid) { return stepper(r, goid).into(); }
stop finish(runner& r, std::uint64_t goid, const stack_frame& of) { return stepper(r, goid).out(of); }

}  // namespace rt0db
