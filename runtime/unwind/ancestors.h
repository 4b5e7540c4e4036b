// RT0_DEBUG=tracebackancestors=N, as Go's: a goroutine keeps the stacks from which it was made, its
// creator's, that one's creator's, up to N of them, so that a report shows who began what went wrong, though
// they may have ended long ago.
//
// A block of the heap for each goroutine, with all of its ancestors: what the creator keeps is copied. It is
// freed when the G is used for another. Rejected: Go's sharing of stacks between those who descend from them.
// It needs counts of owners, for a mode in which a goroutine's making takes microseconds anyway, for the
// walk.
#pragma once
#include "runtime/base/report.h"
#include "runtime/sched/g.h"

namespace rt0 {

// In a report: "[originating from goroutine N]:", and frames, of each.
void print_ancestors(report& out, const g* gp) noexcept;

}  // namespace rt0
