// schedinit: the seed's steps in the seed's order. What each means in C++ stands in its own function; several
// do now the part that later floors (leak reports, traces) will read.
#include <elf.h>
#include <limits.h>

#include <initializer_list>

#include "rt0/arch.h"
#include "rt0/upcalls.h"
#include "runtime/base/debug_options.h"
#include "runtime/base/fatal.h"
#include "runtime/base/process_args.h"
#include "runtime/base/report.h"
#include "runtime/boot/module.h"
#include "runtime/libc/libc_start.h"
#include "runtime/mem/heap.h"
#include "runtime/mem/pages.h"
#include "runtime/sched/machine.h"
#include "runtime/sched/proc.h"
#include "runtime/sched/signal.h"
#include "runtime/sync/wait_table.h"
#include "runtime/unwind/traceback.h"
#include "sys/auxv.h"
#include "sys/clock.h"
#include "sys/fault.h"
#include "sys/process.h"
#include "sys/signal.h"

namespace rt0 {
namespace {

constexpr std::int64_t max_m_count = 10000;
constexpr std::uint64_t default_thread_stack_bytes = 2u << 20;  // glibc's, where RLIMIT_STACK is unlimited
constexpr std::uint64_t go_stack_bytes = 64u << 10;
constexpr long min_stack_bytes = 1L << min_stack_class, max_stack_bytes = 1L << max_stack_class;
constexpr std::uint32_t hwcap2_fsgsbase = 1u << 1;

// What the environment says instead of a default size.
std::uint64_t stack_bytes_from(const char* name, std::uint64_t otherwise) noexcept {
  const char* text = env_value(args.envp, name);
  long wanted = 0;
  if (text == nullptr) return otherwise;
  if (parse_number(text, min_stack_bytes, max_stack_bytes, wanted)) return static_cast<std::uint64_t>(wanted);
  report() << "rt0: " << name << ": '" << text << "' is no number of bytes from " << min_stack_bytes << " to "
           << max_stack_bytes << "\n";
  return otherwise;
}

// The classes of stacks: RT0_THREAD_STACK, else glibc's rule for threads; RT0_STACK, else 64 KiB for rt::go.
void stackinit() noexcept {
  std::uint64_t bytes = sys::limit_of(sys::resource::stack).soft;
  const bool unlimited = bytes == sys::unlimited;
  if (unlimited) bytes = default_thread_stack_bytes;
  if (stack_class_of(bytes) < 0) bytes = std::uint64_t{1} << max_stack_class;
  bytes = stack_bytes_from("RT0_THREAD_STACK", bytes);
  const int of_threads = stack_class_of(bytes);
  const int of_go = stack_class_of(stack_bytes_from("RT0_STACK", go_stack_bytes));
  // main's stack may grow to the limit itself; a thread's may not.
  set_stack_classes(of_threads, unlimited ? max_stack_class : of_threads, of_go);
}

const char* godebug_early() noexcept { return env_value(args.envp, "RT0_DEBUG"); }

// Which ways of the CPU and kernel we may use.
void cpuinit(const char* debug_text) noexcept {
  const bool kernel_allows = (sys::auxv_value(AT_HWCAP2) & hwcap2_fsgsbase) != 0;
  rt0_has_fsgsbase = kernel_allows && early_debug_option(debug_text, "fsgsbase", 1) != 0;
}

// AT_RANDOM has 16 bytes: the first word made the canary, the second makes all the rest.
std::uint64_t startup_random() noexcept {
  const auto* random = reinterpret_cast<const std::uint64_t*>(sys::auxv_value(AT_RANDOM));
  return random != nullptr ? random[1] : static_cast<std::uint64_t>(sys::nanotime());
}

// The key of the runtime's hashes: an address tells nobody in which bucket its waiters stand.
void alginit() noexcept { wait_table_seed(startup_random()); }

void fastrandinit() noexcept { getm()->fastrand = startup_random(); }

// The mask that new Ms and children get.
void sigsave(sys::sigset& into) noexcept { (void)sys::sigprocmask(sys::mask_how::set, nullptr, &into); }

void goargs() noexcept {
  // execve with no arguments at all: kernels since 5.18 pass one empty string, older ones nothing.
  ensure(args.argc >= 0 && args.argv[args.argc] == nullptr, "goargs: argv is not ended");
}

void goenvs() noexcept {
  libc::libc_start(args.envp, args.argc > 0 ? args.argv[0] : nullptr, sys::auxv());
  initial_locale = getg()->tcb.locale = libc::libc_locale();
}

void tracebacks() noexcept {
  const char* text = env_value(args.envp, "RT0_TRACEBACK");
  if (traceback_init(text)) return;
  report() << "rt0: RT0_TRACEBACK: '" << text << "' is none of none, single, all, system, crash\n";
}

// RT0_MAXPROCS, else GOMAXPROCS, else the CPUs that we may use.
int wanted_procs() noexcept {
  for (const char* name : {"RT0_MAXPROCS", "GOMAXPROCS"}) {
    const char* text = env_value(args.envp, name);
    long n = 0;
    if (text == nullptr) continue;
    if (parse_number(text, 1, max_procs, n)) {
      sched.procs_settled = true;
      return static_cast<int>(n);
    }
    report() << "rt0: " << name << ": '" << text << "' is no number from 1 to " << max_procs << "\n";
  }
  return ncpu < max_procs ? ncpu : max_procs;
}

}  // namespace

extern "C" void rt0_schedinit() {
  m* mp = getm();
  sched.maxmcount = max_m_count;
  sched.world_stopped = true;

  moduledataverify();
  stackinit();
  heap_init(startup_random());
  const char* debug_text = godebug_early();
  page_trace_init(debug_text);
  cpuinit(debug_text);
  alginit();
  fastrandinit();
  mcommoninit(mp);
  modulesinit();
  typelinksinit();
  itabsinit();
  stkobjinit();

  sigsave(mp->sigmask);
  signal_init();

  goargs();
  goenvs();
  parse_debug_options(debug_text);
  tracebacks();
  if (debug.maxmcount > 0) sched.maxmcount = debug.maxmcount;
  if (debug.iofault > 0) {
    long seed = 1;
    if (const char* text = env_value(args.envp, "RT0_SEED")) (void)parse_number(text, 0, LONG_MAX, seed);
    sys::fault_begin(static_cast<std::uint32_t>(debug.iofault), static_cast<std::uint64_t>(seed));
  }
  gcinit();

  sched.lastpoll_ns.store(sys::nanotime(), std::memory_order_relaxed);
  procresize(wanted_procs());
  {
    // The world is started: Ps can run.
    lock_guard hold(sched.lock);
    ensure(procs_to_idle() == nullptr, "unknown runnable goroutine during bootstrap");
  }
  sched.world_stopped = false;
  if (debug.inittrace != 0) trace_schedinit();
}

}  // namespace rt0
