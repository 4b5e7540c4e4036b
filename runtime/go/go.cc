// The core of <rt/go.h>: rt0_go_reserve, rt0_go_start. Source: Go's `go` statement is one newproc; here it is
// two steps, because C++ constructs the callable in between, in the caller, and that may throw or park.
//
// Differs: Go's closure is a heap object. Ours lies at the top of the new stack, where the first frame
// begins:
//
//   ... stack | callable | start_record | 32 bytes | TLS block | G
//             ^ stktopsp, aligned for the callable
//
// Rejected: a copy of the bytes (a C++ object is not its bytes), and a heap block (an allocation and a free a
// goroutine, and a second way to fail).
#include <errno.h>

#include <algorithm>
#include <new>

#include "rt/abi/go.h"
#include "rt0/arch.h"
#include "runtime/base/export.h"
#include "runtime/base/fatal.h"
#include "runtime/libc/pthread/thread.h"
#include "runtime/sched/gfree.h"
#include "runtime/sched/labels.h"
#include "runtime/sched/locked_m.h"
#include "runtime/sched/park.h"
#include "runtime/sched/proc.h"
#include "runtime/sched/syscall.h"
#include "runtime/sync/world.h"

namespace rt0 {
namespace {

struct start_record {
  void (*run)(void*);
  void* callable;
};

constexpr std::size_t stack_share = 4;  // a callable may take one part in four of its stack

constexpr std::size_t round_up(std::size_t n, std::size_t to) { return (n + to - 1) / to * to; }

// The goroutine's first function. An exception that leaves run finds no handler and no frame below
// rt0_goexit.
void go_main(void* arg) {
  const start_record record = *static_cast<start_record*>(arg);
  record.run(record.callable);
  libc::thread_end(nullptr);
}

void set_name(thread_state& thread, const char* name) noexcept {
  std::size_t i = 0;
  for (; name[i] != 0 && i + 1 < sizeof thread.name; i++) thread.name[i] = name[i];
  thread.name[i] = 0;
}

}  // namespace
}  // namespace rt0

using namespace rt0;

RT0_EXPORT int rt0_go_reserve(const rt0_go_request* request, rt0_go_place* place) noexcept {
  *place = {nullptr, nullptr};
  if (request->run == nullptr) fatal("go of nil func value");
  const int size_class = request->stack_bytes != 0 ? stack_class_of(request->stack_bytes) : go_stack_class();
  if (size_class < 0) return ENOMEM;
  if (request->bytes > (std::size_t{1} << size_class) / stack_share) return E2BIG;

  const std::size_t record_at = round_up(request->bytes, alignof(start_record));
  go_request wanted{go_main, nullptr, g_kind::go, size_class,
                    reinterpret_cast<std::uintptr_t>(__builtin_return_address(0))};
  wanted.room_bytes = record_at + sizeof(start_record);
  wanted.room_align = request->align;
  const auto [gp, error] = newproc1(wanted);
  if (gp == nullptr) return error;

  auto* callable = reinterpret_cast<std::byte*>(gp->stktopsp);
  gp->start.arg = new (callable + record_at) start_record{request->run, callable};
  gp->thread.join.store(request->joinable ? libc::joinable : libc::detached, std::memory_order_relaxed);
  if (request->name != nullptr) set_name(gp->thread, request->name);
  *place = {callable, gp};
  return 0;
}

RT0_EXPORT void rt0_go_start(void* goroutine) noexcept {
  const with_p have_p;
  count_goroutine(1);
  start_goroutine(static_cast<g*>(goroutine), true);
}

RT0_EXPORT void rt0_go_discard(void* goroutine) noexcept {
  forget_labels(static_cast<g*>(goroutine));
  const with_p have_p;
  m_locks_inc();
  gfput(getm()->p, static_cast<g*>(goroutine));
  m_locks_dec();
}

RT0_EXPORT int rt0_go_wait(void* goroutine) {
  return libc::wait_for_end(static_cast<g*>(goroutine), forever);
}

RT0_EXPORT void rt0_go_detach(void* goroutine) noexcept { (void)libc::detach(static_cast<g*>(goroutine)); }

RT0_EXPORT void rt0_lock_os_thread() noexcept { lock_os_thread(); }
RT0_EXPORT void rt0_unlock_os_thread() noexcept { (void)unlock_os_thread(); }

RT0_EXPORT bool rt0_blocking_begin() noexcept { return entersyscallblock(); }
RT0_EXPORT void rt0_blocking_end() noexcept { exitsyscall(); }

RT0_EXPORT void rt0_yield() noexcept { yield(); }
RT0_EXPORT unsigned long rt0_goid() noexcept { return getg()->goid; }
RT0_EXPORT int rt0_num_cpu() noexcept { return ncpu; }

RT0_EXPORT std::size_t rt0_num_goroutine() noexcept {
  // A goroutine that ends on another P while we add may be counted with its making or its end alone.
  const std::int64_t n = goroutine_count() + sched.nthreads.load(std::memory_order_relaxed) -
                         (sched.main_gone.load(std::memory_order_acquire) ? 1 : 0);
  return static_cast<std::size_t>(std::max<std::int64_t>(n, 1));
}

RT0_EXPORT int rt0_gomaxprocs(int n) noexcept {
  const with_p have_p;  // who stops the world has one
  return gomaxprocs(n);
}
