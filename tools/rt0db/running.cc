// Commands that let the process run, or say when it is to stop.
#include <algorithm>
#include <iostream>
#include <sstream>

#include "tools/rt0db/commands.h"
#include "tools/rt0db/failure.h"
#include "tools/rt0db/stepping.h"

namespace rt0db::running {
namespace {

void add(session& s, const words& given, bool once) {
  if (given.empty() || (given.size() != 1 && given.size() != 3) ||
      (given.size() == 3 && given[1] != "goroutine")) {
    throw failure(failed, "break LOC [goroutine N], with LOC a function, FILE:LINE, LINE or *ADDRESS");
  }
  breakpoint b;
  b.what = given[0];
  b.once = once;
  if (given.size() == 3) b.goid = number_in(given[2], "goroutine's id");
  std::string here;
  if (s.target().find(s.goid()) != nullptr && !s.frames().empty()) here = s.selected_frame().where.file;
  const std::uintptr_t bias = s.target().bias();
  b.addresses = s.target().code().find(given[0], here);
  if (given[0].starts_with("*")) b.addresses[0] -= bias;
  for (const std::uintptr_t at : b.addresses) {
    if (!s.target().program().in_text(at)) throw failure(failed, given[0] + ": no code is there");
  }
  const breakpoint& made = s.points().add(std::move(b));
  std::cout << "breakpoint " << made.number << ": " << made.what;
  if (made.goid != 0) std::cout << " of goroutine " << made.goid;
  if (made.addresses.size() > 1) std::cout << ", at " << made.addresses.size() << " places";
  const place& first = s.target().names().at(made.addresses[0])[0];
  if (!first.file.empty()) std::cout << ", " << first.file << ":" << first.line;
  std::cout << "\n";
}

breakpoint& point(session& s, const std::string& word) {
  breakpoint* b = s.points().find(
      static_cast<int>(std::min<std::uint64_t>(number_in(word, "breakpoint's number"), INT32_MAX)));
  if (b == nullptr) throw failure(failed, "no breakpoint " + word);
  return *b;
}

void step_with(session& s, stop (*how)(runner&, std::uint64_t)) {
  std::cout.flush();
  s.report(how(s.run(), s.goid()));
}

}  // namespace

void set_break(session& s, const words& given, const std::string&) { add(s, given, false); }
void set_break_once(session& s, const words& given, const std::string&) { add(s, given, true); }

void remove_break(session& s, const words& given, const std::string&) {
  std::vector<int> numbers;
  for (const std::string& word : given) numbers.push_back(point(s, word).number);
  for (const int number : numbers) s.points().remove(number);
  if (given.empty()) s.points().clear();
}

void list_breaks(session& s, const words&, const std::string&) {
  for (const breakpoint& b : s.points().all()) {
    std::cout << b.number << "  "
              << (b.addresses.empty() ? "watch goroutine " + std::to_string(b.goid) : b.what);
    if (!b.addresses.empty() && b.goid != 0) std::cout << " of goroutine " << b.goid;
    if (!b.addresses.empty()) std::cout << ", hit " << b.hits << (b.hits == 1 ? " time" : " times");
    if (b.ignored != 0) std::cout << ", passed by " << b.ignored << " times more";
    std::cout << "\n";
    for (const std::uintptr_t at : b.addresses) {
      const place& there = s.target().names().at(at)[0];
      std::cout << "   0x" << std::hex << at + s.target().bias() << std::dec;
      if (!there.function.empty()) std::cout << " " << there.function;
      if (!there.file.empty()) std::cout << " at " << there.file << ":" << there.line;
      std::cout << "\n";
    }
  }
  if (s.points().all().empty()) std::cout << "no breakpoints\n";
}

void ignore(session& s, const words& given, const std::string&) {
  if (given.size() != 2) throw failure(failed, "ignore N COUNT");
  point(s, given[0]).ignored = number_in(given[1], "number of times");
}

void watch(session& s, const words& given, const std::string&) {
  if (given.size() != 2 || given[0] != "goroutine") throw failure(failed, "watch goroutine N");
  breakpoint b;
  b.goid = number_in(given[1], "goroutine's id");
  if (s.target().find(b.goid) == nullptr) throw failure(failed, "no goroutine " + given[1]);
  if (s.target().code().functions().empty()) {
    throw failure(failed, "the program is stripped: the runtime's functions cannot be found");
  }
  const breakpoint& made = s.points().add(std::move(b));
  std::cout << "watch " << made.number << ": goroutine " << made.goid << "\n";
}

void go_on(session& s, const words& given, const std::string&) {
  if (!given.empty()) throw failure(failed, "continue: what is " + given[0] + "?");
  std::cout.flush();
  s.report(s.run().run({}));
}

void next(session& s, const words&, const std::string&) { step_with(s, next_line); }
void step(session& s, const words&, const std::string&) { step_with(s, step_into); }

void finish(session& s, const words&, const std::string&) {
  const stack_frame& of = s.selected_frame();
  std::cout << "run until " << (of.where.function.empty() ? "this frame" : of.where.function)
            << " has returned\n"
            << std::flush;
  s.report(rt0db::finish(s.run(), s.goid(), s.selected_frame()));
}

}  // namespace rt0db::running
