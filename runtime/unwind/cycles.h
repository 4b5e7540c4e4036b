// Goroutines that wait for each other, and so for ever, while others still run: each for a mutex that the
// next one has, an rwlock that it writes, what it does once, or its end.
//
// A waiter waits for one thing, so the graph is a function, and a cycle is found by going along it. Who has a
// mutex (pthread_mutex_t, which std::mutex is), or has an rwlock for writing (std::shared_mutex), stands in
// it as a goid: written after it was taken, taken back before it is let go, so that of a goroutine that waits
// it is never the goid by mistake. Who does something once (std::call_once, rt::call_once, a static variable
// in a function) stands in its word as an index of allgs, together with its state.
//
// Nobody knows who reads an rwlock. rt::mutex and rt::shared_mutex name nobody either, and a dump says that
// it is them one waits for ("rt::mutex lock"). A word of 30 bits would hold the owner's index. But lock and
// unlock are one instruction each in the program's own code, with constants; the owner would make each of
// them load first, unlock would have to know it, too, to be one comparison, and a mutex that one goroutine
// locks and another unlocks, which Go's may and ours does not forbid, would take the slow way. Nor do
// conditions, semaphores and channels name anybody, whom anybody may serve.
#pragma once
#include "runtime/base/report.h"

namespace rt0 {

// In a report. True: there were some.
bool print_cycles(report& out) noexcept;

}  // namespace rt0
