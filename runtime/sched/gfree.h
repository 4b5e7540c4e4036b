// Dead goroutines, kept with their stacks for the next newproc.
#pragma once
#include <cstdint>

#include "runtime/mem/idle.h"
#include "runtime/sched/sched.h"

namespace rt0 {

// A dead goroutine with a stack of the class, from pp's list or the global one; nullptr: make one. pp is the
// running M's.
g* gfget(p* pp, int size_class) noexcept;
// Gives a dead goroutine back.
void gfput(p* pp, g* gp) noexcept;
// All of pp's to the global list: pp ends. The world is stopped; sched.lock may be held.
void gfpurge(p* pp) noexcept;

// Gives the pages of stacks that lay in the global list for gfree_idle_ns or longer back to the system, a
// bounded number a call. True: there are more, call again soon. One caller at a time, an M that need not have
// a P (sysmon); no lock held.
bool gfree_return_idle_pages(std::int64_t now_ns) noexcept;
// When the next call has something to do; no_timer while nothing in the global list has pages to give back.
std::int64_t gfree_return_due_ns() noexcept;

inline constexpr std::int64_t gfree_idle_ns = heap_idle_ns;

// Around fork: the global lists' lock, which sysmon takes without a P.
void gfree_lock() noexcept;
void gfree_unlock() noexcept;

}  // namespace rt0
