// A session of rt0 attach: one process, one selected goroutine and frame, the user's breakpoints, and the
// commands that he gives.
//
// However it ends (quit, end of input, a failure, SIGINT in a script, SIGTERM, SIGHUP), the process is let go
// as it was.
#pragma once
#include <string>
#include <vector>

#include "tools/rt0db/breakpoints.h"
#include "tools/rt0db/calls.h"
#include "tools/rt0db/console.h"
#include "tools/rt0db/debuggee.h"
#include "tools/rt0db/runner.h"
#include "tools/rt0db/values.h"

namespace rt0db {

class session;

struct command {
  const char* name;
  const char* also;  // its short name; nullptr: none
  const char* usage;
  const char* help;
  void (*run)(session&, const std::vector<std::string>& words, const std::string& rest);
};

class session {
 public:
  // Attaches. Throws failure.
  session(pid_t pid, const image& program);

  // Gives it the lines of a console until they end, or it does. stop_at_failure: false is the answer if a
  // command failed, and no more are read. Throws ending.
  bool take(console& from, bool stop_at_failure);
  bool over() const { return over_; }
  std::vector<std::string> complete(const std::string& line);

  // --- for commands
  debuggee& target() { return target_; }
  breakpoints& points() { return breakpoints_; }
  runner& run() { return runner_; }
  values& data() { return values_; }
  session_threads& threads() { return threads_; }
  debug_caller& calls() { return caller_; }
  std::uint64_t goid() const { return goid_; }
  std::size_t frame_index() const { return frame_; }
  // Of the selected goroutine. Throws failure: it is no more.
  const std::vector<stack_frame>& frames();
  const stack_frame& selected_frame();
  void select(std::uint64_t goid);
  void select_frame(std::size_t index);
  // Says where the selected frame is, and shows its line.
  void show_frame();
  // "function at file:line"
  std::string text_of(const stack_frame& f);
  // Source of a file; false: there is none.
  bool show_source(const std::string& file, int first, int last, int current);
  // After the process has run: says why it stopped, and selects who did.
  void report(const stop& s);
  // The process has run for a command's sake, and nothing is to be said of it.
  void moved();
  void end() { over_ = true; }
  int listed_to = 0;  // list goes on from here
  std::string listed_file;

 private:
  bool give(const std::string& line, const std::string& where);

  debuggee target_;
  breakpoints breakpoints_;
  runner runner_;
  values values_;
  session_threads threads_;
  debug_caller caller_;
  std::uint64_t goid_ = 0;
  std::size_t frame_ = 0;
  std::vector<stack_frame> frames_;
  bool has_frames_ = false, over_ = false;
  std::string last_;  // an empty line gives it again
};

// All commands, in the order of help.
const std::vector<command>& commands();
// By its name, its short one or a beginning that is no other's. Throws failure(failed).
const command& command_named(const std::string& word);

// attach [-x FILE] [--batch] PID. Its status. Ends by a signal that came for us.
int attach(pid_t pid, const std::string& file, bool batch);

}  // namespace rt0db
