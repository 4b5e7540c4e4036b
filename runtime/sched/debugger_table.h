// What a debugger needs to find a program's goroutines from outside: in a live process, in a core, in a
// stripped binary. Go's runtime2.go, runtime.go and the gdb script rely on symbols and DWARF instead, which
// strip takes away.
//
// A note (rt0/amd64/note.S), which the linker lists among the program headers and strip keeps, says how far
// away rt0_debugger_table is; that holds addresses, and one hash. The debugger (tools/rt0db) includes this
// header and g.h, so offsets stand nowhere a second time: equal hashes say that both were built from the same
// layout, and a G's bytes, copied out, are a g.
//
// Rejected: a table of offsets, by which one debugger would read every version. What a field means changes
// more often than where it is, and no offset says so; the debugger comes with the runtime.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "rt/abi/debug.h"
#include "rt0/arch.h"
#include "runtime/sched/g.h"
#include "runtime/sched/m.h"
#include "runtime/sched/wait_reason.h"

namespace rt0 {

// allgs, as allg.cc keeps it: places below near_places in `near`, all others in blocks.
struct allg_table {
  static constexpr std::uint32_t near_places = 32, block_places = 4096, max_blocks = 1u << 15;
  using place = std::atomic<g*>;
  using block = place[block_places];

  std::atomic<std::uint32_t> length;
  place near[near_places];
};

struct debugger_table {
  std::uint64_t layout;  // debugger_layout()
  const allg_table* allgs;
  const std::atomic<allg_table::block*>* blocks;
  const std::uint64_t* last_goid_of_parent;  // sched's: goroutines that a fork left behind
  g* const* forked;
  const std::atomic<std::int64_t>* died_at_ns;  // sched's
  const char *core_text, *core_text_end;  // the runtime's own code
  debug_call_places debug_call;
};

// FNV-1a, of numbers and texts.
struct layout_hash {
  std::uint64_t value = 0xcbf29ce484222325;

  constexpr void byte(std::uint8_t b) { value = (value ^ b) * 0x100000001b3; }
  constexpr void add(std::uint64_t number) {
    for (int i = 0; i < 64; i += 8) byte(static_cast<std::uint8_t>(number >> i));
  }
  constexpr void add(const char* text) {
    do byte(static_cast<std::uint8_t>(*text));
    while (*text++ != 0);
  }
};

// Of everything that the debugger reads. A field that it begins to read comes in here.
constexpr std::uint64_t debugger_layout() {
  constexpr std::uint64_t format = 2;  // to be raised when a field keeps its place but not its meaning
  layout_hash hash;
  for (std::uint64_t number : {
           format,
           std::uint64_t{RT0_LAYOUT_VERSION},
           sizeof(g),
           offsetof(g, stack),
           offsetof(g, m),
           offsetof(g, sched),
           offsetof(g, status),
           offsetof(g, why),
           offsetof(g, kind),
           offsetof(g, thread.name),
           offsetof(g, goid),
           offsetof(g, parent_goid),
           offsetof(g, gopc),
           offsetof(g, tcb.waitsince_s),
           offsetof(g, lockedm),
           offsetof(g, labels),
           sizeof(rt0_label),
           sizeof(m),
           offsetof(m, self),
           offsetof(m, g0),
           offsetof(m, gsignal),
           offsetof(m, curg),
           offsetof(m, insig),
           offsetof(m, locks),
           offsetof(m, p),
           offsetof(m, in_netpoller),
           offsetof(m, id),
           offsetof(m, procid),
           sizeof(allg_table),
           offsetof(allg_table, near),
           std::uint64_t{allg_table::near_places},
           std::uint64_t{allg_table::block_places},
           sizeof(debugger_table),
       }) {
    hash.add(number);
  }
  for (const char* text : wait_reason_text) hash.add(text);
  return hash.value;
}

}  // namespace rt0
