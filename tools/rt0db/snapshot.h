// All goroutines of a process at one moment, copied out: their Gs, where each is, and the tops of their
// stacks.
//
// The process stands still only for this. The copies are made in two rounds of batched reads: each G with the
// two kilobytes below it, where most parked goroutines' whole stack is (a G lies at the top of its stack),
// then what is missing of deeper ones. Unwinding needs nothing else of the process, the rest is in its file.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "rt0/arch.h"
#include "runtime/sched/debugger_table.h"
#include "tools/rt0db/image.h"
#include "tools/rt0db/process.h"

namespace rt0db {

// Of a goroutine that does not run only those of switch.S count.
using rt0::registers;

struct stack_copy {
  std::uintptr_t lo = 0, hi = 0;
  const std::byte* bytes = nullptr;
};

struct label {
  std::string key, value;
};

struct goroutine {
  std::uintptr_t address;
  const std::byte* bytes;  // its G's
  bool has_place = false;  // `at` is known
  registers at{};
  static constexpr int most_stacks = 3;  // below its G, its own, its thread's for signals
  stack_copy stacks[most_stacks];        // those without bytes are empty
  std::vector<label> labels;             // innermost first

  const rt0::g& g() const { return *reinterpret_cast<const rt0::g*>(bytes); }
  rt0::gstatus status() const { return rt0::readgstatus(&g()); }
};

struct snapshot {
  std::vector<goroutine> goroutines;  // by goid
  std::uintptr_t bias = 0, core_text = 0, core_text_end = 0;
  std::int64_t stopped_at_ns = 0;
  std::vector<std::unique_ptr<std::byte[]>> memory;  // what `bytes` points into
};

// The program's goroutines; the runtime's own too if `system`; only the one whose G that is, if it is one.
// Throws failure(failed): its memory makes no sense.
snapshot take_snapshot(process& of, const image& program, bool system, std::uintptr_t only = 0);

}  // namespace rt0db
