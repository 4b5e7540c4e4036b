#include "tools/rt0db/commands.h"

#include <charconv>
#include <iomanip>
#include <iostream>

#include "tools/rt0db/failure.h"
#include "tools/rt0db/listing.h"

namespace rt0db {
namespace {

void help(session&, const words& given, const std::string&) {
  if (!given.empty()) {
    const command& c = command_named(given[0]);
    std::cout << c.usage << (c.also != nullptr ? std::string(" (short: ") + c.also + ")" : "") << "\n    "
              << c.help << "\n";
    return;
  }
  for (const command& c : commands()) {
    const std::string usage =
        std::string(c.usage) + (c.also != nullptr ? std::string(" (") + c.also + ")" : "");
    std::cout << std::left << std::setw(36) << usage << c.help << "\n";
  }
}

void list_goroutines(session& s, const words& given, const std::string&) {
  listing_options options;
  for (const std::string& word : given) {
    if (word != "all") throw failure(failed, "goroutines: what is " + word + "?");
    options.all = true;
  }
  listing(s.target().program(), s.target().all(), options).ps(std::cout);
}

void select_goroutine(session& s, const words& given, const std::string&) {
  if (!given.empty()) s.select(number_in(given[0], "goroutine's id"));
  const goroutine* one = s.target().find(s.goid());
  if (one == nullptr) throw failure(failed, "no goroutine " + std::to_string(s.goid()));
  const bool waits = one->status() == rt0::gstatus::waiting;
  const auto why = static_cast<std::size_t>(one->g().why);
  std::cout << "goroutine " << s.goid() << " ["
            << (waits && why < std::size(rt0::wait_reason_text) ? rt0::wait_reason_text[why]
                                                                : rt0::text_of(one->status()))
            << "]\n";
  s.show_frame();
}

void backtrace(session& s, const words& given, const std::string&) {
  if (!given.empty() && given[0] == "all") {
    listing(s.target().program(), s.target().all(), {}).bt(std::cout, std::nullopt);
    return;
  }
  const std::uint64_t most = given.empty() ? UINT64_MAX : number_in(given[0], "number of frames");
  for (std::size_t i = 0; i < s.frames().size(); i++) {
    if (i >= most) {
      std::cout << "... " << s.frames().size() - i << " more\n";
      break;
    }
    std::cout << (i == s.frame_index() ? "=> " : "   ") << "#" << std::left << std::setw(3) << i
              << s.text_of(s.frames()[i]) << "\n";
  }
  if (s.frames().empty()) std::cout << "(it was being switched: its registers are nowhere)\n";
}

void select_frame(session& s, const words& given, const std::string&) {
  if (!given.empty()) s.select_frame(number_in(given[0], "frame's number"));
  s.show_frame();
}

void up(session& s, const words& given, const std::string&) {
  const std::size_t by = given.empty() ? 1 : number_in(given[0], "number of frames");
  if (s.frame_index() + by >= s.frames().size())
    throw failure(failed, "frame " + std::to_string(s.frame_index()) + " is the outermost");
  s.select_frame(s.frame_index() + by);
  s.show_frame();
}

void down(session& s, const words& given, const std::string&) {
  const std::size_t by = given.empty() ? 1 : number_in(given[0], "number of frames");
  if (s.frame_index() < by)
    throw failure(failed, "frame " + std::to_string(s.frame_index()) + " is the innermost");
  s.select_frame(s.frame_index() - by);
  s.show_frame();
}

void list_source(session& s, const words& given, const std::string&) {
  constexpr int shown = 10;
  const stack_frame& f = s.selected_frame();
  std::string file = f.where.file;
  int first = s.listed_to != 0 ? s.listed_to + 1 : f.where.line - shown / 2;
  if (s.listed_to != 0) file = s.listed_file;
  if (!given.empty()) {
    const std::uintptr_t at = s.target().code().find(given[0], f.where.file)[0];
    const place& there = s.target().names().at(at)[0];
    file = there.file;
    first = there.line - shown / 2;
  }
  first = std::max(first, 1);
  if (file.empty()) throw failure(failed, "no line is known of where it is");
  if (!s.show_source(file, first, first + shown - 1, file == f.where.file ? f.where.line : 0)) {
    throw failure(failed, file + ": no such file here, nor where the process was started");
  }
  s.listed_to = first + shown - 1;
  s.listed_file = file;
}

void show_registers(session& s, const words&, const std::string&) {
  constexpr const char* names[] = {"rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8",
                                   "r9",  "r10", "r11", "r12", "r13", "r14", "r15", "rip"};
  const stack_frame& f = s.selected_frame();
  for (int i = 0; i <= DW_RIP; i++) {
    const bool kept = i == DW_RBX || i == DW_RBP || i == DW_RSP || i >= DW_R12;
    if (!f.all_registers && !kept) continue;
    const std::uintptr_t value = i == DW_RIP ? f.address + s.target().bias() : f.at.r[i];
    std::cout << std::left << std::setw(4) << names[i] << "0x" << std::hex << value << std::dec << "\n";
  }
  if (!f.all_registers) std::cout << "(what calls do not keep is gone)\n";
}

void quit(session& s, const words&, const std::string&) { s.end(); }

}  // namespace

std::uint64_t number_in(const std::string& text, const char* name) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || *end != 0) throw failure(failed, text + ": not a " + name);
  return value;
}

const std::vector<command>& commands() {
  static const std::vector<command> all = {
      {"goroutines", nullptr, "goroutines [all]", "all goroutines, as rt0 ps; all: equal ones one by one",
       list_goroutines},
      {"goroutine", "g", "goroutine [N]", "select a goroutine", select_goroutine},
      {"bt", nullptr, "bt [COUNT|all]", "the selected goroutine's stack; all: everybody's", backtrace},
      {"frame", "f", "frame [N]", "select a frame of its stack", select_frame},
      {"up", nullptr, "up [COUNT]", "to the caller's frame", up},
      {"down", nullptr, "down [COUNT]", "to the called function's frame", down},
      {"list", "l", "list [LOC]", "source around the frame's line, or LOC; again: what follows", list_source},
      {"print", "p", "print EXPRESSION", "a variable, or what C++ makes of some: v[i].m, *p, &x, a + b",
       data::print},
      {"locals", nullptr, "locals", "the frame's variables", data::locals},
      {"args", nullptr, "args", "its function's arguments", data::args},
      {"call", nullptr, "call f(ARGUMENTS)", "a function of the program, on a goroutine of its own",
       data::call},
      {"registers", nullptr, "registers", "of the frame", show_registers},
      {"break", "b", "break LOC [goroutine N]",
       "stop at a function, FILE:LINE, LINE or *ADDRESS; only that goroutine", running::set_break},
      {"tbreak", nullptr, "tbreak LOC [goroutine N]", "the same, once", running::set_break_once},
      {"watch", nullptr, "watch goroutine N", "stop when it begins to wait, runs again, or ends",
       running::watch},
      {"breakpoints", nullptr, "breakpoints", "all of them, and how often each was hit",
       running::list_breaks},
      {"delete", "d", "delete [N...]", "breakpoints and watches, or all", running::remove_break},
      {"ignore", nullptr, "ignore N COUNT", "pass breakpoint N by that often", running::ignore},
      {"continue", "c", "continue", "let all run, until something stops; Ctrl-C does", running::go_on},
      {"next", "n", "next", "the goroutine to its next line, over calls", running::next},
      {"step", "s", "step", "the goroutine to its next line, into calls", running::step},
      {"finish", nullptr, "finish", "until the frame has returned", running::finish},
      {"help", "h", "help [COMMAND]", "this", help},
      {"detach", nullptr, "detach", "let the process go, and end", quit},
      {"quit", "q", "quit", "the same", quit},
  };
  return all;
}

const command& command_named(const std::string& word) {
  const command* found = nullptr;
  std::string others;
  for (const command& c : commands()) {
    const std::string name = c.name;
    if (name == word || (c.also != nullptr && word == c.also)) return c;
    if (!name.starts_with(word)) continue;
    others += (found == nullptr ? "" : ", ") + name;
    found = &c;
  }
  if (found == nullptr) throw failure(failed, "no command " + word + " (help lists them)");
  if (others.find(',') != std::string::npos) throw failure(failed, word + " may be " + others);
  return *found;
}

}  // namespace rt0db
