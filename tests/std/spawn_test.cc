// posix_spawn with its attributes and file actions, system, popen, exec: other programs, from any thread.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wordexp.h>

#include <atomic>
#include <initializer_list>
#include <string>
#include <thread>
#include <vector>

#include "tests/std/children.h"

namespace {

// A shell's answer to a script, by posix_spawn with standard output to a pipe.
class shell {
 public:
  shell() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
  }
  ~shell() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attr);
  }
  shell(const shell&) = delete;

  std::string answer(const char* script) {
    const char* const argv[] = {"sh", "-c", script, nullptr};
    return answer("/bin/sh", argv);
  }
  std::string answer(const char* program, const char* const argv[]) {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    REQUIRE(posix_spawn_file_actions_adddup2(&actions, ends[1], 1) == 0);
    error = posix_spawn(&pid, program, &actions, &attr, const_cast<char**>(argv), environ);
    close(ends[1]);
    std::string text;
    char part[256];
    for (ssize_t n; (n = read(ends[0], part, sizeof part)) > 0;) text.append(part, static_cast<size_t>(n));
    close(ends[0]);
    if (error == 0) status = status_of(pid);
    return text;
  }

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attr;
  pid_t pid = 0;
  int error = -1;
  int status = -1;
};

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : signals) sigaddset(&set, signal);
  return set;
}

// Tells its own masks; not by a shell, which may change them.
constexpr char grep[] = "/bin/grep";
constexpr const char* grep_signals[] = {"grep", "-E", "SigBlk|SigIgn", "/proc/self/status", nullptr};

bool has_bit(const std::string& text, const char* field, int signal) {
  const auto at = text.find(field);
  REQUIRE(at != std::string::npos);
  return (strtoull(text.c_str() + at + strlen(field) + 1, nullptr, 16) >> (signal - 1) & 1) != 0;
}

}  // namespace

TEST_CASE("a program runs, with its arguments and environment") {
  const char* const argv[] = {"sh", "-c",       "test \"$1\" = argument && exit $NUMBER",
                              "sh", "argument", nullptr};
  const char* const env[] = {"NUMBER=42", nullptr};
  pid_t pid = 0;
  REQUIRE(posix_spawn(&pid, "/bin/sh", nullptr, nullptr, const_cast<char**>(argv), const_cast<char**>(env)) ==
          0);
  CHECK(status_of(pid) == 42);
  REQUIRE(posix_spawnp(&pid, "sh", nullptr, nullptr, const_cast<char**>(argv), const_cast<char**>(env)) == 0);
  CHECK(status_of(pid) == 42);
}

TEST_CASE("why exec failed is what posix_spawn returns, and no child is left") {
  const char* const argv[] = {"x", nullptr};
  char** const args = const_cast<char**>(argv);
  CHECK(posix_spawn(nullptr, "/no/such/program", nullptr, nullptr, args, environ) == ENOENT);
  CHECK(posix_spawn(nullptr, "/etc/passwd", nullptr, nullptr, args, environ) == EACCES);
  CHECK(posix_spawnp(nullptr, "no-such-program", nullptr, nullptr, args, environ) == ENOENT);
  CHECK(posix_spawnp(nullptr, "", nullptr, nullptr, args, environ) == ENOENT);
  CHECK(no_children());
}

TEST_CASE("PATH: directories without the program are passed over") {
  const std::string before = getenv("PATH");
  setenv("PATH", "/no/such/directory::/etc:/usr/bin:/bin", 1);
  const char* const argv[] = {"true", nullptr};
  pid_t pid = 0;
  CHECK(posix_spawnp(&pid, "true", nullptr, nullptr, const_cast<char**>(argv), environ) == 0);
  CHECK(status_of(pid) == 0);
  CHECK(posix_spawnp(&pid, "passwd-", nullptr, nullptr, const_cast<char**>(argv), environ) != 0);
  setenv("PATH", before.c_str(), 1);
}

TEST_CASE("file actions: open, dup2, close") {
  shell sh;
  char name[] = "/tmp/spawn_testXXXXXX";
  close(mkstemp(name));
  posix_spawn_file_actions_addopen(&sh.actions, 8, name, O_WRONLY | O_TRUNC, 0);
  posix_spawn_file_actions_addopen(&sh.actions, 9, "/etc/hostname", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&sh.actions, 9, 7);
  posix_spawn_file_actions_addclose(&sh.actions, 9);
  posix_spawn_file_actions_addclose(&sh.actions, 200);  // it is not open
  CHECK(sh.answer("echo text >&8; test -e /proc/self/fd/7 && ! test -e /proc/self/fd/9 && echo right") ==
        "right\n");
  FILE* file = fopen(name, "r");
  char line[10] = "";
  CHECK(fgets(line, sizeof line, file) == line);
  CHECK(std::string(line) == "text\n");
  fclose(file);
  unlink(name);
  CHECK(posix_spawn_file_actions_addopen(&sh.actions, -1, name, O_RDONLY, 0) == EBADF);
  CHECK(posix_spawn_file_actions_adddup2(&sh.actions, 1, -1) == EBADF);
  CHECK(posix_spawn_file_actions_addclose(&sh.actions, -1) == EBADF);
}

TEST_CASE("a file action that fails is posix_spawn's error") {
  shell sh;
  posix_spawn_file_actions_addopen(&sh.actions, 5, "/no/such/file", O_RDONLY, 0);
  CHECK(sh.answer("echo never") == "");
  CHECK(sh.error == ENOENT);
  shell other;
  posix_spawn_file_actions_adddup2(&other.actions, 201, 5);
  CHECK(other.answer("echo never") == "");
  CHECK(other.error == EBADF);
  CHECK(no_children());
}

TEST_CASE("dup2 of a descriptor to itself keeps it open") {
  const int fd = open("/etc/hostname", O_RDONLY | O_CLOEXEC);
  const std::string script = "test -e /proc/self/fd/" + std::to_string(fd) + " && echo open || echo closed";
  shell closed, kept;
  CHECK(closed.answer(script.c_str()) == "closed\n");
  posix_spawn_file_actions_adddup2(&kept.actions, fd, fd);
  CHECK(kept.answer(script.c_str()) == "open\n");
  close(fd);
}

TEST_CASE("file actions: chdir, fchdir, closefrom") {
  shell sh;
  posix_spawn_file_actions_addchdir_np(&sh.actions, "/usr/bin");
  CHECK(sh.answer("pwd") == "/usr/bin\n");
  const int dir = open("/usr/lib", O_RDONLY | O_DIRECTORY);
  shell by_fd;
  posix_spawn_file_actions_addchdir_np(&by_fd.actions, "/");
  posix_spawn_file_actions_addfchdir_np(&by_fd.actions, dir);
  CHECK(by_fd.answer("pwd") == "/usr/lib\n");
  const std::string script = "test -e /proc/self/fd/" + std::to_string(dir) + " && echo open || echo closed";
  shell from;
  CHECK(from.answer(script.c_str()) == "open\n");
  shell none;
  posix_spawn_file_actions_adddup2(&none.actions, 2, 2);
  posix_spawn_file_actions_addclosefrom_np(&none.actions, 50);
  dup2(dir, 60);
  CHECK(none.answer("test -e /proc/self/fd/60 && echo open || echo closed") == "closed\n");
  close(60);
  close(dir);
}

TEST_CASE("attributes: group, session") {
  shell sh;
  posix_spawnattr_setflags(&sh.attr, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&sh.attr, 0);
  CHECK(sh.answer("set -- $(cat /proc/self/stat); test $5 = $$ && echo leader") == "leader\n");
  shell session;
  posix_spawnattr_setflags(&session.attr, POSIX_SPAWN_SETSID);
  CHECK(session.answer("set -- $(cat /proc/self/stat); test $6 = $$ && echo leader") == "leader\n");
  shell ids;
  posix_spawnattr_setflags(&ids.attr, POSIX_SPAWN_RESETIDS);
  CHECK(ids.answer("echo ok") == "ok\n");
  shell scheduled;
  posix_spawnattr_setflags(&scheduled.attr, POSIX_SPAWN_SETSCHEDULER);
  CHECK(posix_spawnattr_setschedpolicy(&scheduled.attr, SCHED_BATCH) == EINVAL);
  CHECK(posix_spawnattr_setschedpolicy(&scheduled.attr, SCHED_RR) == 0);
  sched_param priority{};
  priority.sched_priority = 1;
  posix_spawnattr_setschedparam(&scheduled.attr, &priority);
  const std::string policy = scheduled.answer("set -- $(cat /proc/self/stat); shift 40; echo $1");
  CHECK((scheduled.error == EPERM || policy == "2\n"));
}

TEST_CASE("attributes: what was set is read back") {
  posix_spawnattr_t attr;
  posix_spawnattr_init(&attr);
  CHECK(posix_spawnattr_setflags(&attr, static_cast<short>(0x4000)) == EINVAL);
  posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
  posix_spawnattr_setpgroup(&attr, 17);
  posix_spawnattr_setschedpolicy(&attr, SCHED_RR);
  sched_param param{};
  param.sched_priority = 3;
  posix_spawnattr_setschedparam(&attr, &param);
  const sigset_t mask = set_of({SIGUSR1}), defaults = set_of({SIGUSR2});
  posix_spawnattr_setsigmask(&attr, &mask);
  posix_spawnattr_setsigdefault(&attr, &defaults);
  short flags = 0;
  pid_t group = 0;
  int policy = 0;
  param = {};
  sigset_t got;
  CHECK(posix_spawnattr_getflags(&attr, &flags) == 0);
  CHECK(flags == POSIX_SPAWN_SETSIGMASK);
  CHECK(posix_spawnattr_getpgroup(&attr, &group) == 0);
  CHECK(group == 17);
  CHECK(posix_spawnattr_getschedpolicy(&attr, &policy) == 0);
  CHECK(policy == SCHED_RR);
  CHECK(posix_spawnattr_getschedparam(&attr, &param) == 0);
  CHECK(param.sched_priority == 3);
  CHECK(posix_spawnattr_getsigmask(&attr, &got) == 0);
  CHECK((sigismember(&got, SIGUSR1) == 1 && sigismember(&got, SIGUSR2) == 0));
  CHECK(posix_spawnattr_getsigdefault(&attr, &got) == 0);
  CHECK((sigismember(&got, SIGUSR2) == 1 && sigismember(&got, SIGUSR1) == 0));
  posix_spawnattr_destroy(&attr);
}

TEST_CASE("signals: the caller's mask, ignored ones, handlers") {
  const sigset_t mask = set_of({SIGUSR1});
  pthread_sigmask(SIG_BLOCK, &mask, nullptr);
  signal(SIGUSR2, SIG_IGN);
  signal(SIGWINCH, [](int) {});
  shell sh;
  const std::string text = sh.answer(grep, grep_signals);
  CHECK(has_bit(text, "SigBlk:", SIGUSR1));
  CHECK_FALSE(has_bit(text, "SigBlk:", SIGUSR2));
  CHECK_FALSE(has_bit(text, "SigBlk:", SIGURG));
  CHECK(has_bit(text, "SigIgn:", SIGUSR2));
  CHECK_FALSE(has_bit(text, "SigIgn:", SIGWINCH));

  shell other;
  const sigset_t wanted = set_of({SIGHUP}), defaults = set_of({SIGUSR2});
  posix_spawnattr_setflags(&other.attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setsigmask(&other.attr, &wanted);
  posix_spawnattr_setsigdefault(&other.attr, &defaults);
  const std::string changed = other.answer(grep, grep_signals);
  CHECK(has_bit(changed, "SigBlk:", SIGHUP));
  CHECK_FALSE(has_bit(changed, "SigBlk:", SIGUSR1));
  CHECK_FALSE(has_bit(changed, "SigIgn:", SIGUSR2));
  signal(SIGUSR2, SIG_DFL);
  signal(SIGWINCH, SIG_DFL);
  pthread_sigmask(SIG_UNBLOCK, &mask, nullptr);
}

TEST_CASE("exec replaces the process, with the thread's mask and what is ignored") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t pid = fork();
  if (pid == 0) {
    const sigset_t mask = set_of({SIGUSR1});
    pthread_sigmask(SIG_BLOCK, &mask, nullptr);
    signal(SIGUSR2, SIG_IGN);
    dup2(ends[1], 1);
    std::thread spins([] {
      for (volatile int i = 0;;) i = i + 1;
    });
    execlp("no-such-program", "x", nullptr);
    execv(grep, const_cast<char**>(grep_signals));
    _exit(99);
  }
  close(ends[1]);
  char text[500] = "";
  size_t length = 0;
  for (ssize_t n; (n = read(ends[0], text + length, sizeof text - 1 - length)) > 0;)
    length += static_cast<size_t>(n);
  close(ends[0]);
  CHECK(status_of(pid) == 0);
  CHECK(has_bit(text, "SigBlk:", SIGUSR1));
  CHECK(has_bit(text, "SigIgn:", SIGUSR2));
}

TEST_CASE("fexecve and execve by number") {
  const char* const argv[] = {"sh", "-c", "exit 3", nullptr};
  for (bool by_number : {false, true}) {
    const pid_t pid = fork();
    if (pid == 0) {
      by_number ? syscall(SYS_execve, "/bin/sh", argv, environ)
                : fexecve(open("/bin/sh", O_RDONLY | O_CLOEXEC), const_cast<char**>(argv), environ);
      _exit(99);
    }
    CHECK(status_of(pid) == 3);
  }
}

TEST_CASE("system: the command's status") {
  CHECK(system(nullptr) != 0);
  CHECK(WEXITSTATUS(system("exit 6")) == 6);
  CHECK(system("true") == 0);
  CHECK(WTERMSIG(system("kill -TERM $$")) == SIGTERM);
  CHECK(WEXITSTATUS(system("no-such-command 2>/dev/null")) == 127);
}

TEST_CASE("system: SIGINT is the command's alone, and SIGCHLD waits") {
  struct sigaction before {
  }, now{};
  sigaction(SIGINT, nullptr, &before);
  CHECK(system("kill -INT $PPID") == 0);
  CHECK(WTERMSIG(system("kill -INT $$")) == SIGINT);
  sigaction(SIGINT, nullptr, &now);
  CHECK((now.sa_handler == before.sa_handler));
  sigset_t mask;
  pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  CHECK(sigismember(&mask, SIGCHLD) == 0);
}

TEST_CASE("200 commands by 20 threads; what they changed is as before") {
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  struct sigaction before {
  }, now{};
  sigaction(SIGQUIT, nullptr, &before);
  for (int t = 0; t < 20; t++) {
    threads.emplace_back([&good, t] {
      for (int i = 0; i < 10; i++) {
        const int wanted = t + i;
        if (WEXITSTATUS(system(("exit " + std::to_string(wanted)).c_str())) == wanted) good++;
      }
    });
  }
  for (std::thread& t : threads) t.join();
  CHECK(good == 200);
  sigaction(SIGQUIT, nullptr, &now);
  CHECK((now.sa_handler == before.sa_handler));
  sigset_t mask;
  pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  CHECK(sigismember(&mask, SIGCHLD) == 0);
  CHECK(no_children());
}

// Whether this process ignores the signal.
bool ignores(int signal) {
  struct sigaction now {};
  sigaction(signal, nullptr, &now);
  return now.sa_handler == SIG_IGN;
}

// More than glibc does, whose child goes on ignoring them.
TEST_CASE("system beside fork: a child is in no command of its parent's, and can run its own") {
  std::thread waits([] { CHECK(system("sleep 0.3") == 0); });
  while (!ignores(SIGQUIT)) std::this_thread::yield();
  CHECK(in_child([] { return ignores(SIGINT) || ignores(SIGQUIT) ? 99 : 0; }) == 0);
  CHECK(ignores(SIGINT));
  waits.join();
  CHECK(!ignores(SIGINT));
  // At any moment of a command's beginning and end.
  std::atomic<bool> stop{false};
  std::vector<std::thread> commands;
  for (int i = 0; i < 4; i++) {
    commands.emplace_back([&stop] {
      while (!stop) system("");
    });
  }
  for (int i = 0; i < 200; i++) {
    CHECK(in_child([] { return WEXITSTATUS(system("exit 7")); }) == 7);
  }
  stop = true;
  for (std::thread& t : commands) t.join();
  CHECK(!ignores(SIGINT));
}

TEST_CASE("system of a cancelled thread: its command is killed, what it changed is as before") {
  pthread_t waits;
  pthread_create(&waits, nullptr, [](void*) -> void* { system("exec sleep 60"); return nullptr; }, nullptr);
  while (!ignores(SIGINT)) std::this_thread::yield();
  CHECK(pthread_cancel(waits) == 0);
  void* ended = nullptr;
  CHECK(pthread_join(waits, &ended) == 0);
  CHECK(ended == PTHREAD_CANCELED);
  CHECK(!ignores(SIGINT));
  CHECK(!ignores(SIGQUIT));
  CHECK(no_children());
}

TEST_CASE("popen: reading, writing, and no pipe of another popen in the child") {
  FILE* from = popen("echo line; exit 4", "r");
  char line[20] = "";
  CHECK(fgets(line, sizeof line, from) == line);
  CHECK(std::string(line) == "line\n");
  CHECK(WEXITSTATUS(pclose(from)) == 4);

  FILE* to = popen("read word; test \"$word\" = hello && exit 5", "w");
  FILE* other = popen("exec sleep 60", "re");  // holding to's writing end it would keep `cat` below waiting
  fputs("hello\n", to);
  CHECK(WEXITSTATUS(pclose(to)) == 5);
  FILE* cat = popen("cat >/dev/null", "w");
  FILE* later = popen("exec sleep 60", "r");
  CHECK(pclose(cat) == 0);
  system("pkill -P $PPID sleep");
  pclose(other);
  pclose(later);
  CHECK(popen("true", "x") == nullptr);
  CHECK(errno == EINVAL);
}

TEST_CASE("wordexp, forkpty, daemon") {
  wordexp_t words{};
  setenv("WORD", "two words", 1);
  REQUIRE(wordexp("one $WORD $(echo three)", &words, 0) == 0);
  CHECK(words.we_wordc == 4);
  CHECK(std::string(words.we_wordv[3]) == "three");
  wordfree(&words);

  int terminal = -1;
  const pid_t pid = forkpty(&terminal, nullptr, nullptr, nullptr);
  if (pid == 0) {
    (void)!write(1, isatty(0) && isatty(2) ? "a terminal" : "none", 10);
    _exit(2);
  }
  char text[100] = "";
  CHECK(read(terminal, text, sizeof text - 1) > 0);
  CHECK(std::string(text).starts_with("a terminal"));
  CHECK(status_of(pid) == 2);
  close(terminal);

  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t starter = fork();
  if (starter == 0) {
    if (daemon(0, 0) != 0) _exit(99);
    std::thread([&] { (void)!write(ends[1], "daemon", 6); }).join();
    _exit(0);
  }
  close(ends[1]);
  CHECK(status_of(starter) == 0);
  CHECK(read(ends[0], text, sizeof text) == 6);
  close(ends[0]);
}

TEST_CASE("1,000 programs by 100 threads") {
  constexpr int threads = 100, each = 10;
  std::atomic<int> good{0};
  std::atomic<bool> stop{false};
  std::thread spins([&] {
    while (!stop) delete new std::string(100, 'x');
  });
  std::vector<std::thread> spawners;
  for (int t = 0; t < threads; t++) {
    spawners.emplace_back([&good] {
      const char* const argv[] = {"true", nullptr};
      for (int i = 0; i < each; i++) {
        pid_t pid = 0;
        if (posix_spawn(&pid, "/bin/true", nullptr, nullptr, const_cast<char**>(argv), environ) == 0 &&
            status_of(pid) == 0) {
          good++;
        }
      }
    });
  }
  for (std::thread& s : spawners) s.join();
  stop = true;
  spins.join();
  CHECK(good == threads * each);
  CHECK(no_children());
}
