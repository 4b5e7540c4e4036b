// setuid and its family change every kernel thread of the process: those that run goroutines, sleep, wait in
// system calls, and those that are made meanwhile. As root only.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "tests/runtime/busy_threads.h"

namespace {

constexpr unsigned nobody = 65534;

// The line of that name of every thread's status; each with its newline.
std::vector<std::string> of_all_threads(const char* name) {
  std::vector<std::string> lines;
  DIR* tasks = opendir("/proc/self/task");
  REQUIRE(tasks != nullptr);
  while (const dirent* entry = readdir(tasks)) {
    if (entry->d_name[0] == '.') continue;
    const std::string path = std::string("/proc/self/task/") + entry->d_name + "/status";
    std::FILE* status = std::fopen(path.c_str(), "r");
    if (status == nullptr) continue;
    char line[4096];
    while (std::fgets(line, sizeof line, status) != nullptr) {
      if (std::strncmp(line, name, std::strlen(name)) == 0) lines.push_back(line);
    }
    std::fclose(status);
  }
  closedir(tasks);
  return lines;
}

int other_than(const char* name, const std::string& expected) {
  int n = 0;
  const auto lines = of_all_threads(name);
  CHECK(lines.size() > 1);
  for (const auto& line : lines) {
    if (line == expected) continue;
    n++;
    MESSAGE(line);
  }
  return n;
}

std::string ids(const char* name, unsigned real, unsigned effective, unsigned saved) {
  const auto field = [](unsigned id) { return "\t" + std::to_string(id); };
  return name + field(real) + field(effective) + field(saved) + field(effective) + "\n";
}

// Threads that wait in read(2) until it ends; each holds an M.
class readers {
 public:
  explicit readers(int n) {
    REQUIRE(pipe(ends_) == 0);
    for (int i = 0; i < n; i++) {
      threads_.emplace_back([this] {
        char byte;
        if (read(ends_[0], &byte, 1) != 0) wrong_++;  // and no EINTR
      });
    }
  }
  ~readers() {
    close(ends_[1]);
    for (auto& t : threads_) t.join();
    close(ends_[0]);
    CHECK(wrong_ == 0);
  }

 private:
  int ends_[2];
  std::atomic<int> wrong_{0};
  std::vector<std::thread> threads_;
};

bool root() {
  if (geteuid() == 0) return true;
  MESSAGE("not root: skipped");
  return false;
}

void pause_ms(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

}  // namespace

TEST_CASE("with Ms that run, sleep, and wait in the kernel") {
  if (!root()) return;
  const readers reading(4);
  std::atomic<bool> done{false};
  std::vector<std::thread> sleepers;
  for (int i = 0; i < 4; i++) {
    sleepers.emplace_back([&] {
      while (!done) pause_ms(3);
    });
  }
  {
    const busy_threads busy(3);
    pause_ms(30);
    for (int i = 0; i < 50; i++) {
      REQUIRE(setresuid(-1, nobody, -1) == 0);
      CHECK(other_than("Uid:", ids("Uid:", 0, nobody, 0)) == 0);
      REQUIRE(setresuid(-1, 0, -1) == 0);
      CHECK(other_than("Uid:", ids("Uid:", 0, 0, 0)) == 0);
    }
  }
  done = true;
  for (auto& t : sleepers) t.join();
}

TEST_CASE("while Ms are made") {
  if (!root()) return;
  for (int i = 0; i < 10; i++) {
    std::atomic<bool> go{false};
    std::thread maker([&] {
      while (!go) std::this_thread::yield();
      const readers more(3 * (i + 1));  // more than ever were there
      pause_ms(5);
    });
    go = true;
    for (int k = 0; k < 20; k++) {
      REQUIRE(setresgid(-1, nobody, -1) == 0);
      CHECK(other_than("Gid:", ids("Gid:", 0, nobody, 0)) == 0);
      REQUIRE(setresgid(-1, 0, -1) == 0);
    }
    maker.join();
  }
}

TEST_CASE("several at once: all threads agree in the end") {
  if (!root()) return;
  const busy_threads busy(2);
  std::vector<std::thread> setters;
  std::atomic<int> failed{0};
  for (unsigned k = 0; k < 3; k++) {
    setters.emplace_back([&, k] {
      for (int i = 0; i < 50; i++) {
        if (setresuid(-1, -1, k) != 0) failed++;
      }
    });
  }
  for (auto& t : setters) t.join();
  CHECK(failed == 0);
  const auto lines = of_all_threads("Uid:");
  for (const auto& line : lines) CHECK(line == lines[0]);
  REQUIRE(setresuid(-1, -1, 0) == 0);
}

TEST_CASE("a refusal is a refusal, and the last step down is for good") {
  if (!root()) return;
  const busy_threads busy(2);
  const readers reading(2);
  const gid_t group = nobody;
  REQUIRE(setgroups(1, &group) == 0);
  CHECK(other_than("Groups:", "Groups:\t65534 \n") == 0);
  REQUIRE(setresgid(nobody, nobody, nobody) == 0);
  REQUIRE(setresuid(nobody, nobody, nobody) == 0);
  CHECK(other_than("Uid:", ids("Uid:", nobody, nobody, nobody)) == 0);
  CHECK(other_than("Gid:", ids("Gid:", nobody, nobody, nobody)) == 0);
  errno = 0;
  CHECK(setuid(0) == -1);
  CHECK(errno == EPERM);
  CHECK(other_than("Uid:", ids("Uid:", nobody, nobody, nobody)) == 0);
}
