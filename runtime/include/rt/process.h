// <rt/process.h>: other programs.
//
//   rt::process p({"sort", "-u"}, {.in = -1, .out = -1});
//   p.stdin_pipe().write("b\na\n");
//   p.stdin_pipe().close();
//   ... p.stdout_pipe().read(...) ...
//   if (p.wait().code != 0) ...
//
// Who should use it: programs that start others and wait for them, or talk to them, without a kernel thread
// for each. posix_spawn, system and popen work as well.
//
// argv[0] is the program: a path if it has a slash, relative to cwd; else it is looked for in this program's
// PATH. The child has the descriptors 0, 1 and 2 and no others; env is added to this program's environment,
// or is all of it without inherit_env. Its signal mask is empty; what this program ignores it ignores, what
// this program handles has its default action. It is this program's child in its session
// and group.
//
// Errors are std::system_error: the constructor's are those of posix_spawn and exec
// (errc::no_such_file_or_directory: no such program, or no cwd), std::invalid_argument if argv is empty, or
// an environment's entry has no =, or either has a zero in it. Every call that may block also has a form with
// a last std::error_code&, which does not throw, and one with a std::stop_token.
//
// A process that is destroyed before wait() has returned runs on, and is reaped when it ends: a goroutine
// waits for it. A program that waits for any child (wait, waitpid(-1)), or ignores SIGCHLD, takes the status
// away: wait() is errc::no_child_process then.
#pragma once
#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <system_error>
#include <vector>

#include "rt/net.h"

namespace rt {

struct process_options {
  std::vector<std::string> env{};  // NAME=VALUE; the last of a name counts
  std::filesystem::path cwd{};     // empty: this program's
  bool inherit_env = true;
  int in = 0, out = 1, err = 2;  // a descriptor of this program's for the child's 0, 1, 2; -1: a pipe
};

namespace detail {
class child;
}

// Move-only. wait, kill and the pipes may be used by several goroutines at once.
class process {
 public:
  struct status {
    bool exited;  // else it was ended by `signal`
    int code;
    int signal;
    friend bool operator==(const status&, const status&) = default;
  };

  process() noexcept = default;  // none: errc::no_child_process
  explicit process(std::vector<std::string> argv, process_options options = {});
  process(process&&) noexcept = default;
  process& operator=(process&&) noexcept;
  ~process();

  // Parks until it has ended; afterwards returns at once, the same. The pipes stay open.
  status wait();
  status wait(std::error_code& error) noexcept;
  status wait(std::stop_token stop);

  // Never another process that has its id by now: errc::no_such_process after wait().
  void kill(int signal);
  void kill(int signal, std::error_code& error) noexcept;

  pid_t pid() const noexcept;  // -1: none
  // The other ends of its pipes; closed ones where no pipe was asked for. They have deadlines as any
  // connection; shutdown_write() closes.
  net::conn& stdin_pipe() noexcept { return pipes_[0]; }
  net::conn& stdout_pipe() noexcept { return pipes_[1]; }
  net::conn& stderr_pipe() noexcept { return pipes_[2]; }

 private:
  std::shared_ptr<detail::child> child_;
  net::conn pipes_[3];
};

}  // namespace rt
