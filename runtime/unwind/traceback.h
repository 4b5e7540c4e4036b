// Tracebacks as text, in Go's form:
//
//   goroutine 18 [chan receive, 3 minutes]:
//   worker(rt::chan<int>)
//           /src/worker.cc:31 +0x1c
//   created by main in goroutine 1
//           /src/worker.cc:52 +0x8a
//
// In a report (report_stack.h). Without symbols a line is the pc as the program's file has it.
#pragma once
#include "runtime/base/report.h"
#include "runtime/sched/g.h"

namespace rt0 {

// RT0_TRACEBACK: how much a report shows.
//
//   none     what happened
//   single   and the goroutine to which it happened; if it is nobody's, all of them. The default
//   all      all goroutines
//   system   the runtime's own, too, and its frames
//   crash    as system; and what ends with a status is ended by SIGABRT instead, which leaves a core
enum class traceback_level : std::uint8_t { none, single, all, system, crash };
extern constinit traceback_level traceback_shows;
// From now on a report may walk: until then it is one line. text: RT0_TRACEBACK, or nullptr. False: it says
// none of these.
bool traceback_init(const char* text) noexcept;
bool traceback_ready() noexcept;

// Nothing of the runtime's own is hidden.
inline bool shows_system() noexcept { return traceback_shows >= traceback_level::system; }

// The frames from there on, innermost first; of very many the first and last fifty.
void print_frames(report& out, const registers& from) noexcept;

// Likewise, on a stack of the runtime's own: all of its frames, and none of those below it.
void print_runtime_frames(report& out, const registers& from, stack_bounds on) noexcept;

// Frames whose pcs were kept.
void print_pcs(report& out, const std::uintptr_t* pcs, std::uint64_t count) noexcept;

// "goroutine N [why]:", the frames, and who created it. from == nullptr: its stack cannot be had.
void print_goroutine(report& out, const g* gp, const char* why, const registers* from) noexcept;

// What a goroutine is doing, in a header's words.
const char* doing(const g* gp) noexcept;

// Where it is: into *into. False: on a kernel thread that did not answer.
// `self` and `here`: the M that reports, and where it was.
bool place_of(const g* gp, const registers& here, registers* into) noexcept;

// A goroutine that a dump shows.
bool is_shown(const g* gp) noexcept;

// Every goroutine but this one. Very many are grouped by equal stacks.
void print_others(report& out, const g* but, const registers& here) noexcept;

}  // namespace rt0
