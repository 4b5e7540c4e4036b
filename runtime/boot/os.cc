// args and osinit: what the operating system says, before the scheduler exists.
#include <elf.h>

#include "rt0/arch.h"
#include "rt0/upcalls.h"
#include "runtime/base/fatal.h"
#include "runtime/base/process_args.h"
#include "runtime/base/report.h"
#include "runtime/sched/proc.h"
#include "sys/auxv.h"
#include "sys/mem.h"
#include "sys/process.h"

namespace rt0 {

namespace {

// The operating system's stack must hold g0.
void check_stack_limit() noexcept {
  const std::uint64_t limit = sys::limit_of(sys::resource::stack).soft;
  if (limit >= G0_STACK_BYTES) return;
  {
    report() << "rt0: RLIMIT_STACK is " << limit << " bytes: the first stack needs " << G0_STACK_BYTES
             << "\n";
  }
  sys::exit_group(exit_fatal);
}

}  // namespace

extern "C" void rt0_args(int argc, char** argv) { args = {argc, argv, argv + argc + 1}; }

extern "C" void rt0_osinit() {
  check_stack_limit();
  ncpu = sys::affinity_count();
  ensure(sys::auxv_value(AT_PAGESZ) == sys::page_bytes, "osinit: the page size is not 4096");
}

extern "C" void rt0_abort() { crash_here(); }

}  // namespace rt0
