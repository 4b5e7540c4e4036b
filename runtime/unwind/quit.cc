// Reports after which the process goes on: SIGQUIT, rt::debug::stack, lock cycles.
#include <signal.h>

#include "rt/abi/stack.h"
#include "rt0/upcalls.h"
#include "runtime/base/debug_options.h"
#include "runtime/base/export.h"
#include "runtime/sched/sched.h"
#include "runtime/unwind/cycles.h"
#include "runtime/unwind/output.h"
#include "runtime/unwind/report_stack.h"
#include "runtime/unwind/traceback.h"
#include "sys/clock.h"
#include "sys/mem.h"
#include "sys/process.h"

namespace rt0 {
namespace {

constexpr std::int64_t ns_per_ms = 1'000'000;

constinit std::atomic<std::int64_t> last_quit_ns{0};

// The goroutine on whose stack this M is; nullptr: the M is between two.
const g* running_here(const registers& here) noexcept {
  const g* gp = getm()->curg;
  registers at;
  return gp != nullptr && gp == getg() && is_shown(gp) && place_of(gp, here, &at) ? gp : nullptr;
}

struct dump {
  const registers* here;
  const char* title;  // or nullptr
  bool all, keeps;
  kept_text text;
};

void print_dump(void* arg) {
  auto& d = *static_cast<dump*>(arg);
  if (d.keeps && !output_keep()) return;
  {
    report out(output_write);
    if (d.title != nullptr) out << d.title << "\n\n";
    const g* self = running_here(*d.here);
    if (self != nullptr) print_goroutine(out, self, "running", d.here);
    if (d.all) {
      print_others(out, self, *d.here);
      (void)print_cycles(out);
    }
    if (d.title != nullptr) out << "\n";
  }
  if (d.keeps) d.text = output_kept();
}

}  // namespace

extern "C" void rt0_report_quit(const void* ucontext) {
  const std::int64_t now_ns = sys::nanotime();
  const std::int64_t before_ns = last_quit_ns.exchange(now_ns, std::memory_order_relaxed);
  // Who asks again so soon wants the process to end.
  if (before_ns != 0 && now_ns - before_ns < debug.sigquit * ns_per_ms) {
    sys::default_action(SIGQUIT);
    (void)sys::tgkill(sys::getpid(), sys::gettid(), SIGQUIT);
    return;
  }
  registers here;
  rt0_registers_here(&here);
  if (ucontext != nullptr) here = registers_of(ucontext);
  dump d{&here, "SIGQUIT: quit", true, false, {}};
  (void)run_report(print_dump, &d, here, others::go_on);
}

extern "C" bool rt0_report_cycles() {
  registers here;
  rt0_registers_here(&here);
  bool found = false;
  const auto look = [](void* arg) {
    report out(output_write);
    *static_cast<bool*>(arg) = print_cycles(out);
  };
  (void)run_report(look, &found, here, others::go_on);
  return found;
}

}  // namespace rt0

using namespace rt0;

RT0_EXPORT char* rt0_stack(int all, std::size_t* bytes, std::size_t* mapped_bytes) noexcept {
  registers here;
  rt0_registers_here(&here);
  dump d{&here, nullptr, all != 0, true, {}};
  (void)run_report(print_dump, &d, here, others::go_on);
  *bytes = d.text.bytes;
  *mapped_bytes = d.text.mapped_bytes;
  return d.text.at;
}

RT0_EXPORT void rt0_stack_free(char* text, std::size_t mapped_bytes) noexcept {
  if (text != nullptr) (void)sys::unmap(text, mapped_bytes);
}
