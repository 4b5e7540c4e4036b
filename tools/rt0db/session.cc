#include "tools/rt0db/session.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <sstream>

#include "tools/rt0db/failure.h"
#include "tools/rt0db/proc.h"

namespace rt0db {
namespace {

bool is_blank(const std::string& line) {
  const std::size_t first = line.find_first_not_of(" \t");
  return first == std::string::npos || line[first] == '#';
}

bool is_own(const stack_frame& f) { return !f.core && f.where.line != 0 && !is_library(f.where); }

}  // namespace

session::session(pid_t pid, const image& program)
    : target_(pid, program),
      runner_(target_, breakpoints_),
      values_(target_.names(), program),
      threads_(runner_),
      caller_(threads_, program.table() + target_.bias()) {
  runner_.debug_calls = [this](std::uintptr_t pc) { return caller_.is_place(pc); };
  threads_.is_place = runner_.debug_calls;
  const auto& all = target_.all().goroutines;
  if (!all.empty()) goid_ = all[0].g().goid;
  std::size_t running = 0;
  for (const goroutine& one : all) running += one.g().sched.sp == 0 ? 1 : 0;
  std::cout << "process " << pid << " stands still: " << all.size() << " goroutines, " << running
            << " of them on threads\n";
}

void session::moved() {
  target_.moved();
  const std::size_t frame = frame_;
  has_frames_ = false;
  if (target_.find(goid_) != nullptr && frame < frames().size()) frame_ = frame;
}

const std::vector<stack_frame>& session::frames() {
  if (!has_frames_) {
    frames_ = target_.frames(goid_, false);
    has_frames_ = true;
    const auto own = std::find_if(frames_.begin(), frames_.end(), is_own);
    frame_ = own == frames_.end() ? 0 : static_cast<std::size_t>(own - frames_.begin());
  }
  if (frame_ >= frames_.size()) frame_ = 0;
  return frames_;
}

const stack_frame& session::selected_frame() {
  if (frames().empty()) throw failure(failed, "goroutine " + std::to_string(goid_) + " is being switched");
  return frames()[frame_];
}

void session::select(std::uint64_t goid) {
  if (target_.find(goid) == nullptr) throw failure(failed, "no goroutine " + std::to_string(goid));
  goid_ = goid;
  frame_ = 0;
  has_frames_ = false;
  listed_to = 0;
}

void session::select_frame(std::size_t index) {
  if (index >= frames().size()) {
    throw failure(failed, "no frame " + std::to_string(index) + ": goroutine " + std::to_string(goid_) +
                              " has " + std::to_string(frames().size()));
  }
  frame_ = index;
  listed_to = 0;
}

std::string session::text_of(const stack_frame& f) {
  std::ostringstream out;
  if (f.where.function.empty()) {
    out << "0x" << std::hex << f.pc << std::dec;
  } else {
    out << f.where.function << "(...)";
  }
  if (f.where.inlined) out << " (inlined)";
  if (!f.where.file.empty()) out << " at " << f.where.file << ":" << f.where.line;
  return out.str();
}

bool session::show_source(const std::string& file, int first, int last, int current) {
  std::vector<std::string> text;
  char directory[PATH_MAX] = {};
  if (readlink(proc(target_.process().pid(), "cwd").c_str(), directory, sizeof(directory) - 1) < 0) {
    directory[0] = 0;
  }
  if (file.empty() || !source_lines(file, directory, first, last, text)) return false;
  for (std::size_t i = 0; i < text.size(); i++) {
    const int number = first + static_cast<int>(i);
    std::cout << (number == current && first != last ? "=> "
                  : first != last                    ? "   "
                                                     : "")
              << number << "\t" << text[i] << "\n";
  }
  return true;
}

void session::show_frame() {
  const stack_frame& f = selected_frame();
  std::cout << "#" << frame_ << "  " << text_of(f) << "\n";
  show_source(f.where.file, f.where.line, f.where.line, f.where.line);
}

void session::report(const stop& s) {
  has_frames_ = false;
  frame_ = 0;
  listed_to = 0;
  const std::string who =
      s.goid != 0 ? "goroutine " + std::to_string(s.goid) : "thread " + std::to_string(s.tid);
  switch (s.why) {
    case stop::kind::ended:
      std::cout << "process " << target_.process().pid() << " " << target_.process().how_it_ended() << "\n";
      over_ = true;
      return;
    case stop::kind::interrupted:
      std::cout << "interrupted\n";
      if (target_.find(goid_) == nullptr && !target_.all().goroutines.empty()) {
        goid_ = target_.all().goroutines[0].g().goid;
      }
      break;
    case stop::kind::overdue:
    case stop::kind::debug_call: break;
    case stop::kind::breakpoint:
      std::cout << "breakpoint " << s.number << ", " << who << "\n";
      if (const breakpoint* b = breakpoints_.find(s.number); b != nullptr && b->once)
        breakpoints_.remove(s.number);
      break;
    case stop::kind::error: std::cout << who << " gets " << strsignal(s.number) << "\n"; break;
    case stop::kind::watch:
      std::cout << "watch " << s.number << ", " << who << " " << s.what << "\n";
      if (s.what == "ends") {
        breakpoints_.remove(s.number);
        return;
      }
      break;
    case stop::kind::place:
      if (s.goid != goid_) std::cout << who << "\n";
      break;
  }
  if (s.goid != 0) goid_ = s.goid;
  if (s.goid == 0 && s.tid != 0) {
    std::cout << "in the scheduler, of no goroutine\n";
    return;
  }
  if (target_.find(goid_) != nullptr && !frames().empty()) show_frame();
}

bool session::give(const std::string& line, const std::string& where) {
  std::istringstream text(line);
  std::vector<std::string> words;
  for (std::string word; text >> word;) words.push_back(word);
  const std::size_t first = line.find(words[0]);
  const std::size_t behind = line.find_first_not_of(" \t", first + words[0].size());
  try {
    const command& c = command_named(words[0]);
    words.erase(words.begin());
    std::string rest = behind == std::string::npos ? "" : line.substr(behind);
    while (rest.ends_with(' ') || rest.ends_with('\t')) rest.pop_back();
    c.run(*this, words, rest);
    return true;
  } catch (const failure& f) {
    std::cout.flush();
    std::cerr << where << f.what() << "\n";
    return false;
  }
}

bool session::take(console& from, bool stop_at_failure) {
  bool well = true;
  while (!over_) {
    std::optional<std::string> line = from.line();
    if (!line) break;
    const bool typed = from.where().empty();
    if (typed && line->empty()) line = last_;
    if (is_blank(*line)) continue;
    if (typed) last_ = *line;
    if (!target_.process().alive()) {
      report({.why = stop::kind::ended});
      break;
    }
    if (!give(*line, from.where())) {
      well = false;
      if (stop_at_failure) break;
    }
    std::cout.flush();
    if (!std::cout) throw failure(failed, "cannot write");
  }
  return well;
}

std::vector<std::string> session::complete(const std::string& line) {
  const std::size_t space = line.find(' ');
  const std::string word = line.substr(line.find_last_of(' ') + 1);
  std::vector<std::string> all;
  if (space == std::string::npos) {
    for (const command& c : commands()) all.push_back(c.name);
  } else if (line.compare(0, 1, "b") == 0 || line.starts_with("call ") || line.starts_with("tbreak ")) {
    all = target_.code().functions();
  } else if (line.starts_with("help ")) {
    for (const command& c : commands()) all.push_back(c.name);
  }
  std::erase_if(all, [&](const std::string& one) { return !one.starts_with(word); });
  std::sort(all.begin(), all.end());
  return all;
}

int attach(pid_t pid, const std::string& file, bool batch) {
  int signal = 0;
  {
    const kept_signals kept;
    try {
      const image program(program_of(pid));
      session held(pid, program);
      bool well = true;
      if (!file.empty()) well = held.take(*script(file), true);
      if (!batch && !held.over()) {
        well =
            held.take(*standard_input([&](const std::string& line) { return held.complete(line); }), false);
      }
      return well || isatty(STDIN_FILENO) != 0 ? ok : failed;
    } catch (const ending& e) {
      signal = e.signal;
    }
  }
  std::cout.flush();
  ::signal(signal, SIG_DFL);
  raise(signal);
  return failed;
}

}  // namespace rt0db
