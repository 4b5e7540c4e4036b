// %fs is the running G, %gs the M. Both words begin with their own address, so one load answers.
//
// The loads are volatile: after anything that may park, the G may run on another M, and a cached M would be
// the old one.
#pragma once
#include "rt0/layout.h"

#define RT0_STRINGIZE_(x) #x
#define RT0_STRINGIZE(x) RT0_STRINGIZE_(x)

namespace rt0 {

struct g;
struct heap_cache;
struct m;

// The G whose stack this is: a goroutine, or the M's g0. In a signal handler: the interrupted one.
[[gnu::always_inline]] inline g* getg() noexcept {
  g* gp;
  asm volatile("movq %%fs:" RT0_STRINGIZE(TCB_SELF) ", %0" : "=r"(gp));
  return gp;
}

// The M that runs this.
[[gnu::always_inline]] inline m* getm() noexcept {
  m* mp;
  asm volatile("movq %%gs:" RT0_STRINGIZE(M_SELF) ", %0" : "=r"(mp));
  return mp;
}

// m->locks++ and --: this M may be neither preempted nor parked. One instruction each, so a signal sees it
// before or after.
[[gnu::always_inline]] inline void m_locks_inc() noexcept {
  asm volatile("incl %%gs:" RT0_STRINGIZE(M_LOCKS)::: "memory", "cc");
}
[[gnu::always_inline]] inline void m_locks_dec() noexcept {
  asm volatile("decl %%gs:" RT0_STRINGIZE(M_LOCKS)::: "memory", "cc");
}

// m->mcache: the heap's cache of the running M's P; nullptr without a P, and in a signal handler, which may
// have interrupted the cache's use.
[[gnu::always_inline]] inline heap_cache* getmcache() noexcept {
  heap_cache* cache;
  asm volatile goto("cmpl $0, %%gs:" RT0_STRINGIZE(M_INSIG) "\n\tjne %l[in_handler]" : : : "cc" : in_handler);
  asm volatile("movq %%gs:" RT0_STRINGIZE(M_MCACHE) ", %0" : "=r"(cache));
  return cache;
in_handler:
  return nullptr;
}

}  // namespace rt0
