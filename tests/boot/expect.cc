// expect [OPTIONS] -- PROGRAM ARGS...: runs a program under given limits, descriptors and environment, and
// checks how it ended and what it wrote. Every test of tests/boot and tests/negative that looks at a process
// from outside uses it.
//
//   how it must end   --status N (default 0) | --signal N
//   what it must say  --stdout-is TEXT  --stdout-file FILE  --stdout-has TEXT
//                     --stderr-has TEXT  --stderr-lacks TEXT  --stderr-lines N
//   how it runs       --rlimit-as BYTES  --rlimit-stack BYTES  --rlimit-core BYTES  --timeout SECONDS
//                     --close FD  --stdin TEXT  --empty-argv  --block-signal N
//                     --rlimit-nproc N  --uid N (before the program starts)
//                     --env NAME=VALUE  --clear-env  --env-bytes N (that much more environment)
//
// Hosted: built by the machine's own compiler. stdin is empty unless given. In TEXT \n is a newline. The
// -has, -lacks, --close and --env options may be repeated. Exit: 0 as expected; 1 not, with all that the
// program wrote; 2 usage.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

struct options {
  std::optional<int> status, signal;
  std::optional<std::string> stdout_is;
  std::vector<std::string> stdout_has, stderr_has, stderr_lacks;
  std::optional<long> stderr_lines;
  std::optional<uid_t> uid;
  std::vector<std::pair<int, rlim_t>> limits;
  std::vector<int> closed;
  std::vector<int> blocked;
  std::string input;
  std::vector<std::string> env;
  bool clear_env = false, empty_argv = false;
  size_t env_bytes = 0;
  int timeout_s = 60;
  char** program = nullptr;
};

struct result {
  int status = 0;
  bool timed_out = false;
  std::string out, err;
};

std::string unescape(const char* s) {
  std::string r;
  for (; *s; ++s) {
    if (s[0] == '\\' && s[1] == 'n')
      r += '\n', ++s;
    else
      r += *s;
  }
  return r;
}

std::string file_text(const char* name) {
  std::ifstream in(name);
  if (!in) fprintf(stderr, "expect: cannot read %s\n", name), exit(2);
  return {std::istreambuf_iterator<char>(in), {}};
}

options parse(int argc, char** argv) {
  options o;
  const std::map<std::string, std::function<void(const char*)>> with_value = {
      {"--status", [&](const char* v) { o.status = atoi(v); }},
      {"--signal", [&](const char* v) { o.signal = atoi(v); }},
      {"--stdout-is", [&](const char* v) { o.stdout_is = unescape(v); }},
      {"--stdout-file", [&](const char* v) { o.stdout_is = file_text(v); }},
      {"--stdout-has", [&](const char* v) { o.stdout_has.push_back(unescape(v)); }},
      {"--stderr-has", [&](const char* v) { o.stderr_has.push_back(unescape(v)); }},
      {"--stderr-lacks", [&](const char* v) { o.stderr_lacks.push_back(unescape(v)); }},
      {"--stderr-lines", [&](const char* v) { o.stderr_lines = atol(v); }},
      {"--rlimit-as",
       [&](const char* v) {
         o.limits.push_back({RLIMIT_AS, strtoull(v, nullptr, 0)});
       }},
      {"--rlimit-stack",
       [&](const char* v) {
         o.limits.push_back({RLIMIT_STACK, strtoull(v, nullptr, 0)});
       }},
      {"--rlimit-core",
       [&](const char* v) {
         o.limits.push_back({RLIMIT_CORE, strtoull(v, nullptr, 0)});
       }},
      {"--rlimit-nproc",
       [&](const char* v) {
         o.limits.push_back({RLIMIT_NPROC, strtoull(v, nullptr, 0)});
       }},
      {"--uid", [&](const char* v) { o.uid = static_cast<uid_t>(atol(v)); }},
      {"--block-signal", [&](const char* v) { o.blocked.push_back(atoi(v)); }},
      {"--close", [&](const char* v) { o.closed.push_back(atoi(v)); }},
      {"--stdin", [&](const char* v) { o.input = unescape(v); }},
      {"--timeout", [&](const char* v) { o.timeout_s = atoi(v); }},
      {"--env", [&](const char* v) { o.env.push_back(v); }},
      {"--env-bytes", [&](const char* v) { o.env_bytes = strtoull(v, nullptr, 0); }},
  };
  for (int i = 1; i < argc; ++i) {
    const std::string a = argv[i];
    if (a == "--") {
      o.program = argv + i + 1;
      break;
    }
    const auto it = with_value.find(a);
    if (a == "--clear-env")
      o.clear_env = true;
    else if (a == "--empty-argv")
      o.empty_argv = true;
    else if (it != with_value.end() && i + 1 < argc)
      it->second(argv[++i]);
    else
      fprintf(stderr, "expect: what is %s?\n", argv[i]), exit(2);
  }
  if (!o.program || !*o.program) fprintf(stderr, "usage: expect [OPTIONS] -- PROGRAM ARGS...\n"), exit(2);
  return o;
}

std::vector<std::string> environment(const options& o) {
  std::vector<std::string> env;
  if (!o.clear_env)
    for (char** e = environ; *e; ++e) env.push_back(*e);
  env.insert(env.end(), o.env.begin(), o.env.end());
  // Many strings, since the kernel allows 128 KiB for one.
  constexpr size_t each = 64 * 1024;
  for (size_t done = 0; done < o.env_bytes; done += each) {
    const std::string value(std::min(each, o.env_bytes - done), 'x');
    env.push_back("RT0_FILL_" + std::to_string(done / each) + "=" + value);
  }
  return env;
}

struct pipe_pair {
  int r = -1, w = -1;
  pipe_pair() {
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) perror("expect: pipe"), exit(2);
    r = fds[0];
    w = fds[1];
  }
};

[[noreturn]] void become_program(const options& o, int in, int out, int err) {
  std::vector<std::string> env = environment(o);
  std::vector<char*> envp;
  for (std::string& e : env) envp.push_back(e.data());
  envp.push_back(nullptr);
  char* no_args[] = {nullptr};
  const int complain = fcntl(2, F_DUPFD_CLOEXEC, 10);
  dup2(in, 0);
  dup2(out, 1);
  dup2(err, 2);
  // The kernel allows argument bytes for a quarter of the stack limit.
  if (o.env_bytes != 0) {
    const rlimit wide{RLIM_INFINITY, RLIM_INFINITY};
    rlimit old;
    getrlimit(RLIMIT_STACK, &old);
    const rlimit raised{std::min<rlim_t>(old.rlim_max, 64 << 20), old.rlim_max};
    if (setrlimit(RLIMIT_STACK, &raised) != 0) setrlimit(RLIMIT_STACK, &wide);
  }
  for (const auto& [which, bytes] : o.limits) {
    const rlimit l{bytes, bytes};
    if (setrlimit(static_cast<__rlimit_resource>(which), &l) != 0)
      dprintf(complain, "expect: setrlimit: %s\n", strerror(errno));
  }
  sigset_t blocked;
  sigemptyset(&blocked);
  for (int signal : o.blocked) sigaddset(&blocked, signal);
  sigprocmask(SIG_BLOCK, &blocked, nullptr);
  for (int fd : o.closed) close(fd);
  if (o.uid && setuid(*o.uid) != 0) dprintf(complain, "expect: setuid: %s\n", strerror(errno)), _exit(126);
  execve(o.program[0], o.empty_argv ? no_args : o.program, envp.data());
  dprintf(complain, "expect: %s: %s\n", o.program[0], strerror(errno));
  _exit(126);
}

long now_ms() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000 + t.tv_nsec / 1'000'000;
}

// Reads both pipes until the program has closed them or the time is over.
void collect(result& r, int out, int err, long deadline_ms) {
  pollfd fds[2] = {{out, POLLIN, 0}, {err, POLLIN, 0}};
  std::string* texts[2] = {&r.out, &r.err};
  for (int open = 2; open > 0;) {
    const long left = deadline_ms - now_ms();
    if (left <= 0 || poll(fds, 2, static_cast<int>(left)) == 0) {
      r.timed_out = true;
      return;
    }
    for (int i = 0; i < 2; ++i) {
      if (fds[i].fd < 0 || fds[i].revents == 0) continue;
      char buf[65536];
      const ssize_t n = read(fds[i].fd, buf, sizeof buf);
      if (n > 0)
        texts[i]->append(buf, static_cast<size_t>(n));
      else
        fds[i].fd = -1, --open;
    }
  }
}

result run(const options& o) {
  signal(SIGPIPE, SIG_IGN);
  pipe_pair in, out, err;
  const pid_t pid = fork();
  if (pid < 0) perror("expect: fork"), exit(2);
  if (pid == 0) {
    signal(SIGPIPE, SIG_DFL);
    become_program(o, in.r, out.w, err.w);
  }
  close(in.r);
  close(out.w);
  close(err.w);
  if (write(in.w, o.input.data(), o.input.size()) < 0) {
  }  // a program need not read it
  close(in.w);
  result r;
  const long deadline_ms = now_ms() + 1000L * o.timeout_s;
  collect(r, out.r, err.r, deadline_ms);
  // A program whose outputs are closed may still run.
  while (!r.timed_out && waitpid(pid, &r.status, WNOHANG) == 0) {
    if (now_ms() > deadline_ms) r.timed_out = true;
    usleep(500);
  }
  if (r.timed_out) {
    kill(pid, SIGKILL);
    waitpid(pid, &r.status, 0);
  }
  return r;
}

class checker {
 public:
  void that(bool ok, const std::string& what) {
    if (!ok) fprintf(stderr, "expect: %s\n", what.c_str()), failed_ = true;
  }
  bool failed() const { return failed_; }

 private:
  bool failed_ = false;
};

std::string ended(const result& r) {
  if (r.timed_out) return "did not end in time";
  if (WIFSIGNALED(r.status)) return "ended by signal " + std::to_string(WTERMSIG(r.status));
  return "ended with status " + std::to_string(WEXITSTATUS(r.status));
}

bool check(const options& o, const result& r) {
  checker c;
  if (o.signal)
    c.that(!r.timed_out && WIFSIGNALED(r.status) && WTERMSIG(r.status) == *o.signal,
           ended(r) + ", not by signal " + std::to_string(*o.signal));
  else
    c.that(!r.timed_out && WIFEXITED(r.status) && WEXITSTATUS(r.status) == o.status.value_or(0),
           ended(r) + ", not with status " + std::to_string(o.status.value_or(0)));
  if (o.stdout_is) c.that(r.out == *o.stdout_is, "stdout is not\n" + *o.stdout_is);
  for (const std::string& t : o.stdout_has) c.that(r.out.find(t) != std::string::npos, "stdout lacks: " + t);
  for (const std::string& t : o.stderr_has) c.that(r.err.find(t) != std::string::npos, "stderr lacks: " + t);
  for (const std::string& t : o.stderr_lacks) c.that(r.err.find(t) == std::string::npos, "stderr has: " + t);
  const long lines = std::count(r.err.begin(), r.err.end(), '\n');
  if (o.stderr_lines) c.that(lines == *o.stderr_lines, "stderr has " + std::to_string(lines) + " lines");
  return !c.failed();
}

}  // namespace

int main(int argc, char** argv) {
  const options o = parse(argc, argv);
  const result r = run(o);
  if (check(o, r)) return 0;
  fprintf(stderr, "expect: of");
  for (char** a = o.program; *a; ++a) fprintf(stderr, " %s", *a);
  fprintf(stderr, "\n--- stdout\n%s\n--- stderr\n%s\n---\n", r.out.c_str(), r.err.c_str());
  return 1;
}
