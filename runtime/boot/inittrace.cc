// RT0_DEBUG=inittrace=1: schedinit, step by step, for people and for the boot tests.
#include <elf.h>

#include "rt0/arch.h"
#include "runtime/base/process_args.h"
#include "runtime/base/report.h"
#include "runtime/boot/module.h"
#include "runtime/libc/libc_start.h"
#include "runtime/mem/heap.h"
#include "runtime/sched/proc.h"
#include "sys/auxv.h"
#include "sys/image/image.h"

namespace rt0 {
namespace {

hex address(const void* p) { return {reinterpret_cast<std::uintptr_t>(p)}; }

void trace_rt0_go() noexcept {
  const m* mp = getm();
  const g* gp = mp->g0;
  report() << "rt0_go args argc=" << args.argc << " argv=" << address(args.argv) << "\n";
  report() << "rt0_go g0=" << address(gp) << " lo=" << hex{gp->stack.lo} << " hi=" << hex{gp->stack.hi}
           << " guard0=" << hex{gp->stackguard0} << " guard1=" << hex{gp->stackguard1} << "\n";
  report() << "rt0_go cpuid is_intel=" << rt0_is_intel << " version=" << hex{rt0_processor_version_info}
           << " features=" << hex{rt0_cpuid1_ecx} << "\n";
  report() << "rt0_go settls fs=" << address(getg()) << " gs=" << address(mp) << " m0.g0=" << address(mp->g0)
           << " g0.m=" << address(gp->m) << " canary=" << hex{gp->tcb.canary} << "\n";
}

}  // namespace

void trace_schedinit() noexcept {
  trace_rt0_go();
  report() << "osinit ncpu=" << ncpu << " page=" << sys::auxv_value(AT_PAGESZ) << "\n";
  report() << "moduledataverify unwind_entries=" << module.unwind_entries << "\n";
  report() << "stackinit thread_stack=" << (std::size_t{1} << thread_stack_class()) << "\n";
  report() << "mallocinit mapped=" << heap_bytes() << "\n";
  report() << "cpuinit fsgsbase=" << rt0_has_fsgsbase << "\n";
  report() << "fastrandinit nonzero=" << (getm()->fastrand != 0 ? 1 : 0) << "\n";
  report() << "mcommoninit id=" << getm()->id << " maxmcount=" << sched.maxmcount << "\n";
  report() << "modulesinit text=" << hex{module.text.lo} << "-" << hex{module.text.hi}
           << " core=" << hex{module.core_text.lo} << "-" << hex{module.core_text.hi} << "\n";
  report() << "typelinksinit vtable=" << address(module.type_info_vtables[0]) << "\n";
  report() << "itabsinit range=" << hex{module.read_only_data.lo} << "-" << hex{module.read_only_data.hi}
           << "\n";
  report() << "sigsave mask=" << hex{getm()->sigmask} << "\n";
  report() << "goenvs locale=" << address(initial_locale) << "\n";
  report() << "gcinit roots=" << module.root_count << "\n";
  report() << "procresize gomaxprocs=" << sched.gomaxprocs
           << " lastpoll=" << (sched.lastpoll_ns.load(std::memory_order_relaxed) > 0 ? 1 : 0) << "\n";
}

}  // namespace rt0
