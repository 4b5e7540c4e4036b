// What a process is started with, by posix_spawn: descriptors, environment, signals.
//
// The child's 0, 1 and 2 are made one after the other, so none may come from a number that an earlier one has
// overwritten: those below 3 are copied above first. A pipe is a pipe and no pair of sockets: bash, with a
// socket as its input, takes itself for started by rshd. Our end does not wait in the kernel (net/stream.h).
//
// Source: Go's os/exec for the names of things. Differs: descriptors above 2 are closed rather than trusted
// to be close-on-exec, since a C library of the program's may not have thought of it.
#include <errno.h>
#include <fcntl.h>
#include <rt/go.h>
#include <rt/process.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "runtime/io/net/access.h"
#include "runtime/io/process/child.h"

namespace rt {

using net::detail::access;
using net::detail::error_of;
using net::detail::file_kind;
using net::detail::throw_if;

namespace {

constexpr int first_free = 3;

void throw_errno(int error, const char* what) {
  if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

// A descriptor of ours for as long as the start takes.
class temporary {
 public:
  temporary() = default;
  explicit temporary(int fd) noexcept : fd_(fd) {}
  temporary(temporary&& from) noexcept : fd_(std::exchange(from.fd_, -1)) {}
  temporary& operator=(temporary&& from) noexcept {
    std::swap(fd_, from.fd_);
    return *this;
  }
  ~temporary() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const noexcept { return fd_; }
  void release() noexcept { fd_ = -1; }

 private:
  int fd_ = -1;
};

class file_actions {
 public:
  file_actions() { throw_errno(posix_spawn_file_actions_init(&list_), "posix_spawn"); }
  file_actions(const file_actions&) = delete;
  ~file_actions() { posix_spawn_file_actions_destroy(&list_); }
  posix_spawn_file_actions_t* get() noexcept { return &list_; }
  void dup2(int from, int to) {
    throw_errno(posix_spawn_file_actions_adddup2(&list_, from, to), "posix_spawn");
  }
  void chdir(const char* to) { throw_errno(posix_spawn_file_actions_addchdir_np(&list_, to), to); }
  void close_from(int first) {
    throw_errno(posix_spawn_file_actions_addclosefrom_np(&list_, first), "posix_spawn");
  }

 private:
  posix_spawn_file_actions_t list_;
};

// Whole strings, as exec will see them.
void check(const std::vector<std::string>& strings, bool need_name) {
  for (const std::string& s : strings) {
    const std::size_t equals = s.find('=');
    if (s.find('\0') != s.npos || (need_name && (equals == s.npos || equals == 0))) {
      throw std::invalid_argument("rt::process: " + s);
    }
  }
}

std::string_view name_of(std::string_view entry) { return entry.substr(0, entry.find('=')); }

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> all;
  for (const std::string& s : strings) all.push_back(const_cast<char*>(s.c_str()));
  all.push_back(nullptr);
  return all;
}

bool has_name(const std::vector<char*>& entries, const char* of) {
  return std::ranges::any_of(entries, [&](const char* e) { return name_of(e) == name_of(of); });
}

std::vector<char*> environment(const process_options& options) {
  std::vector<char*> given;
  for (auto e = options.env.rbegin(); e != options.env.rend(); ++e) {
    if (!has_name(given, e->c_str())) given.push_back(const_cast<char*>(e->c_str()));
  }
  std::vector<char*> all = given;
  for (char** e = options.inherit_env ? environ : nullptr; e != nullptr && *e != nullptr; e++) {
    if (!has_name(given, *e)) all.push_back(*e);
  }
  all.push_back(nullptr);
  return all;
}

// The theirs-th end of a pipe; the other one becomes `ours`.
temporary make_pipe(int theirs, net::conn& ours) {
  int ends[2];
  throw_errno(::pipe2(ends, O_CLOEXEC) == 0 ? 0 : errno, "pipe");
  temporary given(ends[theirs]), kept(ends[1 - theirs]);
  ours = access::make<net::conn>(kept.get(), file_kind::stream);
  kept.release();
  return given;
}

// What the child's descriptor `number` comes from: ours, or a new pipe.
temporary redirect(int number, int from, net::conn& ours, file_actions& actions) {
  temporary source;
  // As exec leaves it: closed if it is closed here, or close-on-exec, as what a program opens that has closed
  // its own three.
  if (from == number) return source;
  if (from == -1) {
    source = make_pipe(number == 0 ? 0 : 1, ours);
    from = source.get();
  } else if (::fcntl(from, F_GETFD) < 0) {
    throw_errno(EBADF, "rt::process");
  }
  if (from < first_free && from != number) {
    temporary above(::fcntl(from, F_DUPFD_CLOEXEC, first_free));
    throw_errno(above.get() < 0 ? errno : 0, "rt::process");
    source = std::move(above);
    from = source.get();
  }
  actions.dup2(from, number);
  return source;
}

// The child's signals: none blocked.
class attributes {
 public:
  attributes() {
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_init(&attr_);
    posix_spawnattr_setsigmask(&attr_, &none);
    posix_spawnattr_setflags(&attr_, POSIX_SPAWN_SETSIGMASK);
  }
  attributes(const attributes&) = delete;
  ~attributes() { posix_spawnattr_destroy(&attr_); }
  const posix_spawnattr_t* get() const noexcept { return &attr_; }

 private:
  posix_spawnattr_t attr_;
};

// Nobody will wait for it: it is reaped when it ends. Without a stack for that it stays a zombie until this
// program ends.
void leave(std::shared_ptr<detail::child> child) noexcept {
  if (!child || child->is_reaped()) return;
  try {
    rt::go([child] {
      std::error_code error;
      child->wait({}, error);
    });
  } catch (const std::system_error&) {
  }
}

}  // namespace

process::process(std::vector<std::string> argv, process_options options) {
  if (argv.empty()) throw std::invalid_argument("rt::process: no program");
  check(argv, false);
  check(options.env, true);
  file_actions actions;
  temporary sources[3];
  const int wanted[3] = {options.in, options.out, options.err};
  for (int i = 0; i < 3; i++) sources[i] = redirect(i, wanted[i], pipes_[i], actions);
  actions.close_from(first_free);
  if (!options.cwd.empty()) actions.chdir(options.cwd.c_str());
  const attributes attr;
  const std::vector<char*> args = pointers(argv), env = environment(options);
  const auto fresh = std::make_shared<detail::child>();
  pid_t pid = -1;
  throw_errno(posix_spawnp(&pid, args[0], actions.get(), attr.get(), args.data(), env.data()), args[0]);
  std::error_code error;
  fresh->begin(pid, error);
  throw_if(error, "pidfd_open");
  child_ = fresh;
}

process& process::operator=(process&& from) noexcept {
  leave(std::exchange(child_, std::move(from.child_)));
  std::ranges::move(from.pipes_, pipes_);
  return *this;
}

process::~process() { leave(std::move(child_)); }

process::status process::wait(std::error_code& error) noexcept {
  if (child_) return child_->wait({}, error);
  error = error_of(-ECHILD);
  return {};
}
process::status process::wait(std::stop_token stop) {
  std::error_code error = error_of(-ECHILD);
  const status s = child_ ? child_->wait(stop, error) : status{};
  throw_if(error, "wait");
  return s;
}
process::status process::wait() { return wait(std::stop_token()); }

void process::kill(int signal, std::error_code& error) noexcept {
  error = error_of(-ESRCH);
  if (child_) child_->kill(signal, error);
}
void process::kill(int signal) {
  std::error_code error;
  kill(signal, error);
  throw_if(error, "kill");
}

pid_t process::pid() const noexcept { return child_ ? child_->pid() : -1; }

}  // namespace rt
