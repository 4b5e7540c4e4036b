// <rt/process.h>: other programs, their descriptors, their ends.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <dirent.h>
#include <doctest/doctest.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <rt/go.h>
#include <rt/process.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <latch>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/api/io_help.h"

namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using status = rt::process::status;

constexpr status well{true, 0, 0};

// What a command of the shell prints.
std::string output_of(const std::string& command, rt::process_options options = {}) {
  options.out = -1;
  rt::process p({"sh", "-c", command}, options);
  std::string out = read_all(p.stdout_pipe());
  CHECK(p.wait() == well);
  return out;
}

// Children of this process, zombies or not.
bool has_children() {
  siginfo_t info{};
  return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

}  // namespace

TEST_CASE("statuses") {
  for (const int code : {0, 1, 42, 255}) {
    rt::process p({"sh", "-c", "exit " + std::to_string(code)});
    CHECK(p.wait() == status{true, code, 0});
    CHECK(p.wait() == status{true, code, 0});
  }
  rt::process killed({"sh", "-c", "kill -9 $$"});
  CHECK(killed.wait() == status{false, 0, SIGKILL});
  CHECK(!has_children());
}

TEST_CASE("pipes: in, out, err") {
  rt::process p({"sh", "-c", "tr a-z A-Z; echo problem >&2; exit 3"}, {.in = -1, .out = -1, .err = -1});
  CHECK(p.stdin_pipe().write("some text") == 9);
  p.stdin_pipe().shutdown_write();
  CHECK(p.stdin_pipe().fd() == -1);
  CHECK(read_all(p.stdout_pipe()) == "SOME TEXT");
  CHECK(read_all(p.stderr_pipe()) == "problem\n");
  CHECK(p.wait() == status{true, 3, 0});
  rt::process none({"true"});
  CHECK(none.stdin_pipe().fd() == -1);
  char c;
  CHECK(error_of([&] { none.stdout_pipe().read(&c, 1); }) == std::errc::bad_file_descriptor);
  CHECK(none.wait() == well);
}

TEST_CASE("more than a pipe holds, both ways at once") {
  rt::process p({"cat"}, {.in = -1, .out = -1});
  const std::string much(3 << 20, 'x');
  std::thread writer([&] {
    CHECK(p.stdin_pipe().write(much) == much.size());
    p.stdin_pipe().close();
  });
  CHECK(read_all(p.stdout_pipe()) == much);
  writer.join();
  CHECK(p.wait() == well);
}

TEST_CASE("a pipe that nobody reads is an error; deadlines, stop and close are a connection's") {
  rt::process p({"true"}, {.in = -1});
  CHECK(p.wait() == well);
  CHECK(error_of([&] { p.stdin_pipe().write("x"); }) == std::errc::broken_pipe);
  rt::process sleeper({"sleep", "1000"}, {.in = -1, .out = -1});
  char c;
  sleeper.stdout_pipe().set_read_deadline(std::chrono::steady_clock::now() + 5ms);
  CHECK(error_of([&] { sleeper.stdout_pipe().read(&c, 1); }) == std::errc::timed_out);
  CHECK(error_of([&] { sleeper.stdout_pipe().read(&c, 1); }) == std::errc::timed_out);
  sleeper.stdout_pipe().set_deadline({});
  const std::string much(1 << 20, 'x');
  std::stop_source stop;
  std::thread stopper([&] {
    std::this_thread::sleep_for(2ms);
    stop.request_stop();
    sleeper.stdout_pipe().close();
  });
  CHECK(was_closed(error_of([&] { sleeper.stdout_pipe().read(&c, 1); })));
  CHECK(error_of([&] { sleeper.stdin_pipe().write(much, stop.get_token()); }) ==
        std::errc::operation_canceled);
  stopper.join();
  CHECK(error_of([&] { sleeper.wait(stop.get_token()); }) == std::errc::operation_canceled);
  sleeper.kill(SIGTERM);
  CHECK(sleeper.wait() == status{false, 0, SIGTERM});
  CHECK(error_of([&] { sleeper.kill(SIGTERM); }) == std::errc::no_such_process);
}

TEST_CASE("environment, folder, arguments") {
  setenv("RT0_OURS", "ours", 1);
  setenv("RT0_BOTH", "ours", 1);
  const std::string show = "echo $RT0_OURS $RT0_BOTH $RT0_GIVEN";
  CHECK(output_of(show) == "ours ours\n");
  CHECK(output_of(show, {.env = {"RT0_BOTH=1", "RT0_BOTH=given", "RT0_GIVEN="}}) == "ours given\n");
  CHECK(output_of("/usr/bin/env", {.env = {"PATH=/bin:/usr/bin", "RT0_GIVEN=a=b"}, .inherit_env = false})
            .find("RT0_OURS") == std::string::npos);
  CHECK(output_of("pwd", {.cwd = "/usr/bin"}) == "/usr/bin\n");
  rt::process p({"printf", "%s|", "a b", "", "*"}, {.out = -1});
  CHECK(read_all(p.stdout_pipe()) == "a b||*|");
  CHECK(p.wait() == well);
  rt::process relative({"./true"}, {.cwd = "/bin"});
  CHECK(relative.wait() == well);
}

TEST_CASE("what cannot be started") {
  const rt::process_options pipes{.in = -1, .out = -1, .err = -1};
  using argv = std::vector<std::string>;
  CHECK(error_of([&] { rt::process(argv{"rt0-no-such-program"}, pipes); }) ==
        std::errc::no_such_file_or_directory);
  const std::size_t before = open_count();  // with those that the runtime opens at the first need
  CHECK(error_of([&] { rt::process(argv{"/no/such/program"}, pipes); }) ==
        std::errc::no_such_file_or_directory);
  CHECK(error_of([&] { rt::process(argv{""}, pipes); }) == std::errc::no_such_file_or_directory);
  CHECK(error_of([&] { rt::process(argv{"/etc/passwd"}, pipes); }) == std::errc::permission_denied);
  CHECK(error_of([&] { rt::process(argv{"/"}, pipes); }) == std::errc::permission_denied);
  CHECK(error_of([] { rt::process(argv{"true"}, {.cwd = "/no/such/place"}); }) ==
        std::errc::no_such_file_or_directory);
  CHECK(error_of([] { rt::process(argv{"true"}, {.in = 999}); }) == std::errc::bad_file_descriptor);
  CHECK(error_of([] { rt::process(argv{"true"}, {.out = -7}); }) == std::errc::bad_file_descriptor);
  CHECK(error_of([] {
          rt::process({"true", std::string(3 << 20, 'x')});
        }) == std::errc::argument_list_too_long);
  CHECK_THROWS_AS(rt::process(argv{}), std::invalid_argument);
  CHECK_THROWS_AS(rt::process({"true", std::string("a\0b", 3)}), std::invalid_argument);
  CHECK_THROWS_AS(rt::process(argv{"true"}, {.env = {"no equals"}}), std::invalid_argument);
  CHECK_THROWS_AS(rt::process(argv{"true"}, {.env = {"=x"}}), std::invalid_argument);
  CHECK(open_count() == before);
  CHECK(!has_children());
  rt::process none;
  CHECK(none.pid() == -1);
  CHECK(error_of([&] { none.wait(); }) == std::errc::no_child_process);
  CHECK(error_of([&] { none.kill(0); }) == std::errc::no_such_process);
}

TEST_CASE("descriptors: ours for theirs, crossed, and no others") {
  char name[] = "/tmp/rt0_process_XXXXXX";
  const int file = mkstemp(name), leaked = open("/dev/null", O_RDONLY);  // not close-on-exec
  unlink(name);
  rt::process p({"sh", "-c", "echo out; echo err >&2"}, {.out = file, .err = file});
  CHECK(p.wait() == well);
  char text[20] = {};
  CHECK(pread(file, text, sizeof text, 0) == 8);
  CHECK(std::string(text) == "out\nerr\n");
  CHECK(output_of("ls /proc/self/fd | tr '\\n' ' '") == "0 1 2 3 ");  // 3: ls reads the folder
  close(leaked);
  // 0 and 1 change places: the child reads from our 1 and writes to our 0.
  const int in = dup(0), out = dup(1);
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  dup2(ends[1], 0);
  const int null = open("/dev/null", O_RDONLY);
  dup2(null, 1);
  rt::process crossed({"sh", "-c", "cat; echo crossed"}, {.in = 1, .out = 0});
  const status end = crossed.wait();
  dup2(in, 0);
  dup2(out, 1);
  CHECK(end == well);
  CHECK(read(ends[0], text, sizeof text) == 8);
  for (const int fd : {in, out, null, ends[0], ends[1], file}) close(fd);
}

TEST_CASE("our 0, 1 and 2 closed") {
  int results[2];
  REQUIRE(pipe(results) == 0);
  const pid_t child = fork();
  if (child == 0) {
    for (int fd = 0; fd < 3; fd++) close(fd);
    rt::process p({"sh", "-c", "cat; echo to err >&2"}, {.in = -1, .out = -1, .err = -1});
    p.stdin_pipe().write("in");
    p.stdin_pipe().close();
    const std::string all = read_all(p.stdout_pipe()) + read_all(p.stderr_pipe());
    rt::process bare({"sh", "-c", "test ! -e /proc/self/fd/0"});
    _exit(all == "into err\n" && p.wait() == well && bare.wait() == well ? 0 : 1);
  }
  int how = -1;
  CHECK(waitpid(child, &how, 0) == child);
  CHECK(how == 0);
  close(results[0]);
  close(results[1]);
}

TEST_CASE("signals of the child: none blocked; ignored stays, handled is the default") {
  const auto mask_of = [](const char* field) {
    const std::string line = output_of("grep " + std::string(field) + " /proc/self/status");
    return std::stoull(line.substr(line.find(':') + 1), nullptr, 16);
  };
  sigset_t set, before;
  sigfillset(&set);
  pthread_sigmask(SIG_BLOCK, &set, &before);
  signal(SIGUSR1, SIG_IGN);
  signal(SIGUSR2, [](int) {});
  const auto blocked = mask_of("SigBlk"), ignored = mask_of("SigIgn"), caught = mask_of("SigCgt");
  signal(SIGUSR1, SIG_DFL);
  signal(SIGUSR2, SIG_DFL);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  CHECK(blocked == 0);
  CHECK((ignored & (1ull << (SIGUSR1 - 1))) != 0);
  CHECK((ignored & (1ull << (SIGUSR2 - 1))) == 0);
  CHECK((caught & (1ull << (SIGUSR2 - 1))) == 0);
}

TEST_CASE("many wait for one; others go on meanwhile") {
  rt::process p({"sh", "-c", "read x; exit 7"}, {.in = -1});
  std::atomic<int> right{0};
  std::vector<std::thread> waiters;
  for (int i = 0; i < 20; i++) waiters.emplace_back([&] { right += p.wait() == status{true, 7, 0}; });
  for (int i = 0; i < 1000; i++) rt::yield();
  CHECK(right == 0);
  p.stdin_pipe().close();
  for (auto& w : waiters) w.join();
  CHECK(right == 20);
}

TEST_CASE("kill while others wait; never another process") {
  for (int round = 0; round < 20; round++) {
    rt::process p({"sleep", "1000"});
    CHECK(kill(p.pid(), 0) == 0);
    std::thread waiter([&] { CHECK(p.wait() == status{false, 0, SIGINT}); });
    std::thread killers[4];
    for (auto& k : killers) {
      k = std::thread([&] {
        std::error_code error;
        while (!error) p.kill(SIGINT, error);
        CHECK(error == std::errc::no_such_process);
      });
    }
    for (auto& k : killers) k.join();
    waiter.join();
  }
  rt::process p({"sleep", "1000"});
  CHECK(error_of([&] { p.kill(1000); }) == std::errc::invalid_argument);
  p.kill(SIGKILL);
  p.wait();
}

TEST_CASE("destroyed while it runs: reaped when it ends, and moved about") {
  const std::size_t goroutines = rt::num_goroutine(), before = open_count();
  rt::net::conn ins[30];
  for (auto& in : ins) {
    rt::process p({"cat"}, {.in = -1});
    in = std::move(p.stdin_pipe());
    rt::process other = std::move(p);
    p = rt::process({"true"});
    p = std::move(other);
  }
  CHECK(has_children());
  for (auto& in : ins) in.close();
  while (has_children()) rt::yield();
  while (rt::num_goroutine() != goroutines) rt::yield();
  CHECK(open_count() == before);
}

TEST_CASE("somebody else takes the status") {
  rt::process p({"true"});
  int how = -1;
  CHECK(waitpid(p.pid(), &how, 0) == p.pid());
  CHECK(error_of([&] { p.wait(); }) == std::errc::no_child_process);
  CHECK(error_of([&] { p.wait(); }) == std::errc::no_child_process);
  signal(SIGCHLD, SIG_IGN);
  rt::process ignored({"true"});
  CHECK(error_of([&] { ignored.wait(); }) == std::errc::no_child_process);
  signal(SIGCHLD, SIG_DFL);
}

TEST_CASE("1,000 children from 100 goroutines, while others read and write") {
  constexpr int goroutines = 100, each = 10;
  const std::size_t before = open_count();
  int busy[2];
  REQUIRE(pipe(busy) == 0);
  std::thread reader([&] {
    char piece[100];
    std::size_t sum = 0;
    for (long n; (n = read(busy[0], piece, sizeof piece)) > 0;) sum += static_cast<std::size_t>(n);
    CHECK(sum == goroutines * each * 3);
  });
  std::atomic<int> right{0};
  std::latch done(goroutines);
  for (int g = 0; g < goroutines; g++) {
    rt::go([&, g] {
      for (int i = 0; i < each; i++) {
        const std::string text = std::to_string(g) + " " + std::to_string(i);
        const int code = (g + i) % 200;
        // It prints what it reads, and how many descriptors above 2 it was given.
        rt::process p({"sh", "-c",
                       "read x; echo \"$x\"; for f in /proc/$$/fd/*; do case ${f##*/} in [012]) ;; *) "
                       "if [ -e $f ]; then echo leak $f; fi;; esac; done; exit " +
                           std::to_string(code)},
                      {.in = -1, .out = -1});
        p.stdin_pipe().write(text + "\n");
        const std::string got = read_all(p.stdout_pipe());
        if (got == text + "\n" && p.wait() == status{true, code, 0}) {
          right++;
        } else {
          MESSAGE(got);
        }
        CHECK(write(busy[1], "abc", 3) == 3);
      }
      done.count_down();
    });
  }
  done.wait();
  close(busy[1]);
  reader.join();
  close(busy[0]);
  CHECK(right == goroutines * each);
  CHECK(!has_children());
  CHECK(open_count() == before);
}
