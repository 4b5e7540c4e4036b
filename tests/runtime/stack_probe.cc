// stack_probe HOW: what happens at a stack's end and where there is no room for one; stack_end_test.sh knows
// what each must do. `parked N` and `fresh N` measure.
#include <errno.h>
#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "runtime/mem/stack.h"
#include "runtime/sched/park.h"
#include "runtime/sched/proc.h"
#include "sys/clock.h"
#include "tests/runtime/proc_self.h"

namespace {

constexpr int go_class = 16, thread_class = 23;

// Touches one byte below the stack, `pages` deep in the guard, on a new goroutine.
void touch_guard(std::size_t pages) {
  std::thread([pages] {
    auto* at = reinterpret_cast<volatile char*>(rt0::getg()->stack.lo - pages * 4096 - 1);
    *at = 1;
  }).join();
  puts("not stopped");
}

[[gnu::noinline]] int recurse(int n) {
  volatile char frame[256];
  frame[0] = static_cast<char>(n);
  return n == 0 ? frame[0] : recurse(n - 1) + frame[0];
}

rt0::stack_alloc_result carve(int size_class) { return rt0::stack_alloc(size_class, sizeof(rt0::g)); }

// Until it is refused. Then many times more: refusals must cost neither addresses nor memory.
int until_refused(int size_class) {
  int n = 0, error = 0;
  while ((error = carve(size_class).error) == 0) n++;
  const std::size_t size = status_kib("VmSize:"), rss = rss_kib();
  const int maps = mappings();
  for (int i = 0; i < 10'000; i++) {
    if (carve(size_class).error != error) return puts("another answer"), 1;
  }
  if (status_kib("VmSize:") != size || mappings() != maps) return puts("refusals cost mappings"), 1;
  if (rss_kib() > rss + 1024) return puts("refusals cost memory"), 1;
  printf("slots %d errno %s mappings %d VmSize %zu MiB\n", n, error == ENOMEM ? "ENOMEM" : "another", maps,
         size / 1024);
  return n > 0 ? 0 : 1;
}

// A slab that is locked in memory refuses MADV_GUARD_INSTALL; its slots have guards all the same, and the
// next slab is asked anew.
int locked() {
  if (mlockall(MCL_FUTURE) != 0) return puts("may not lock memory"), 0;
  const int before = mappings();
  std::vector<rt0::stack_alloc_result> got;
  for (int i = 0; i < 10; i++) got.push_back(carve(rt0::min_stack_class));
  const int with_locked = mappings();
  munlockall();
  for (int i = 0; i < 1000; i++) got.push_back(carve(rt0::min_stack_class));
  for (const auto& [place, error] : got) {
    if (error != 0) return printf("errno %d\n", error), 1;
    if (!is_guard(place.slot.base) || !is_guard(place.lo - 1)) return puts("a slot without a guard"), 1;
    if (is_guard(place.lo)) return puts("a slot without a stack"), 1;
  }
  printf("locked: 10 guards in %d mappings, 1000 unlocked ones in %d\n", with_locked - before,
         mappings() - with_locked);
  return with_locked - before >= 20 && mappings() - with_locked < 100 ? 0 : 1;
}

void park_for_ever(void*) { (void)rt0::gopark(rt0::begin_wait(), rt0::wait_reason::futex, rt0::forever); }

void end_at_once(void*) {}

void go(void (*fn)(void*)) {
  const auto made = rt0::newproc({fn, nullptr, rt0::g_kind::go, go_class, 0});
  if (made.gp == nullptr) printf("newproc: errno %d\n", made.error), exit(1);
  rt0::yield();
}

int parked(int n) {
  go(park_for_ever);
  const std::size_t rss = rss_kib(), tables = status_kib("VmPTE:");
  const std::int64_t from_ns = rt0::sys::nanotime();
  for (int i = 0; i < n; i++) go(park_for_ever);
  const std::int64_t took_ns = rt0::sys::nanotime() - from_ns;
  const double per = 1024.0 / n;
  const double rss_bytes = static_cast<double>(rss_kib() - rss) * per;
  printf("parked %d: RSS %.0f B each, VmPTE %.0f B each, %.0f ns each, mappings %d\n", n, rss_bytes,
         static_cast<double>(status_kib("VmPTE:") - tables) * per, static_cast<double>(took_ns) / n,
         mappings());
  return rss_bytes <= 4400 ? 0 : 1;
}

int fresh(int n) {
  std::int64_t from_ns = rt0::sys::nanotime();
  for (int i = 0; i < n; i++) {
    if (carve(go_class).error != 0) return 1;
  }
  const std::int64_t carved_ns = rt0::sys::nanotime() - from_ns;
  go(end_at_once);
  from_ns = rt0::sys::nanotime();
  for (int i = 0; i < n; i++) go(end_at_once);
  const std::int64_t reused_ns = rt0::sys::nanotime() - from_ns;
  printf("stack_alloc %.0f ns (nothing touched), newproc to end on a used stack %.0f ns\n",
         static_cast<double>(carved_ns) / n, static_cast<double>(reused_ns) / n);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string how = argc > 1 ? argv[1] : "";
  const int n = argc > 2 ? atoi(argv[2]) : 0;
  if (how == "guard") return touch_guard(static_cast<std::size_t>(n)), 0;
  if (how == "overflow") return std::thread([] { recurse(1 << 30); }).join(), 0;
  if (how == "until-refused") return until_refused(n);
  if (how == "locked") return locked();
  if (how == "parked") return parked(n);
  if (how == "fresh") return fresh(n);
  return fprintf(stderr, "usage: stack_probe guard|overflow|until-refused|locked|parked|fresh [N]\n"), 100;
}
