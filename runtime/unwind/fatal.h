// How a process ends that cannot go on, seen: what happened, to whom, where, and what everybody else did.
//
// Two may come to this at once: one reports, the other stays frozen until the process is gone. Whatever goes
// wrong in a report, the process ends.
#pragma once
#include "rt0/arch.h"
#include "runtime/base/report.h"
#include "runtime/unwind/report_stack.h"

namespace rt0 {

struct death {
  void (*say)(report& out, const death&);  // the first lines
  const char* why;
  int signal;            // of which the process dies; 0: with status 2
  const void* info;      // of a fault, or nullptr
  const void* ucontext;  // likewise
  bool shows_all;        // it is everybody's: all goroutines at the default level
  bool blames_nobody;    // no goroutine did it
};

// Returns when the report is written, the others frozen unless they shall go on. At the second time on one M
// only the first lines.
void report_death(const death& of, const registers& here, others afterwards) noexcept;

// What leaves no handler any more: libstdc++'s terminate is told to report it. Before any constructor of the
// program's, which may want its own (std::set_terminate).
void terminate_init() noexcept;
// It has: the abort that follows has nothing to say.
bool terminate_reported() noexcept;

}  // namespace rt0
