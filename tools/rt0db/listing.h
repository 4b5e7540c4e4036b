// What a snapshot says in words: ps's lines and bt's tracebacks.
#pragma once
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

#include "tools/rt0db/snapshot.h"
#include "tools/rt0db/symbols.h"
#include "tools/rt0db/unwinder.h"

namespace rt0db {

struct listing_options {
  bool system = false;  // the runtime's goroutines and frames too
  bool all = false;     // do not put equal ones together
};

class listing {
 public:
  listing(const image& program, const snapshot& all, listing_options options);

  // A line for each goroutine: goid status reason minutes function file:line created-by, and its name and
  // labels if any has some. Of many, equal ones share a line, which has the first one's id.
  void ps(std::ostream& out);
  // The same as an array of objects, a line each, nothing put together.
  void ps_json(std::ostream& out);
  // Tracebacks in Go's form, equal ones together; of one goroutine if goid. Throws failure(failed): no such
  // one.
  void bt(std::ostream& out, std::optional<std::uint64_t> goid);

 private:
  struct line {
    std::string status, reason, minutes, function, file, created_by, name, labels;
    int line_number = 0;
    bool operator==(const line&) const = default;
    auto operator<=>(const line&) const = default;
  };

  line line_of(const goroutine& one);
  bool is_core(std::uintptr_t pc) const;
  // The frames that bt shows, as a report of the runtime does (runtime/unwind/traceback.cc): of its own,
  // those that run in a row, only the one that other code called; those where a goroutine begins not at all.
  stack_trace shown_of(const goroutine& one);
  const place& creator_of(const goroutine& one);
  std::string doing_of(const goroutine& one) const;
  void print_frames(std::ostream& out, const stack_trace& trace);
  void print_place(std::ostream& out, const place& where, std::uintptr_t pc);

  const snapshot& all_;
  listing_options options_;
  symbols names_;
  unwinder unwinder_;
};

}  // namespace rt0db
