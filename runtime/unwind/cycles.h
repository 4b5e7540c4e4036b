// Goroutines that wait for each other, and so for ever, while others still run: each for a mutex that the
// next one has, or for the next one's end.
//
// A waiter waits for one thing, so the graph is a function, and a cycle is found by going along it. Who has a
// mutex stands in it as a goid (pthread_mutex_t, which std::mutex is): written after it was taken, taken back
// before it is let go, so that of a goroutine that waits it is never the goid by mistake. rt::mutex, of four
// bytes, names nobody; nor do conditions, semaphores and channels, which anybody may serve.
#pragma once
#include "runtime/base/report.h"

namespace rt0 {

// In a report. True: there were some.
bool print_cycles(report& out) noexcept;

}  // namespace rt0
