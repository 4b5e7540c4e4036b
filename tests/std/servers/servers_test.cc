// A thread-per-connection server of plain POSIX and std::thread (server.cc) under crowds and under bad
// clients: no wrong byte, no leak, few kernel threads, nothing done while nothing comes.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <dirent.h>
#include <doctest/doctest.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <latch>
#include <random>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "tests/runtime/seed.h"

namespace {

using namespace std::chrono_literals;

struct counts {
  long live, served, refused;
};

// The server beside this test, in a process of its own.
class a_server {
 public:
  explicit a_server(const std::string& most_fds) {
    char self[4096];
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self);
    REQUIRE(n > 0);
    const std::string path(self, static_cast<std::size_t>(n));
    const std::string program = path.substr(0, path.rfind('/')) + "/server";
    int to[2], from[2];
    REQUIRE((pipe2(to, O_CLOEXEC) == 0 && pipe2(from, O_CLOEXEC) == 0));
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], 0);
    posix_spawn_file_actions_adddup2(&actions, from[1], 1);
    const char* const argv[] = {"server", most_fds.c_str(), nullptr};
    REQUIRE(posix_spawn(&pid_, program.c_str(), &actions, nullptr, const_cast<char**>(argv), environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    close(to[0]);
    close(from[1]);
    to_ = fdopen(to[1], "w");
    from_ = fdopen(from[0], "r");
    int port = 0;
    REQUIRE(fscanf(from_, "%d", &port) == 1);
    at_.sin_family = AF_INET;
    at_.sin_port = htons(static_cast<in_port_t>(port));
    at_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }
  ~a_server() {
    fclose(to_);  // the end of its standard input
    int status = -1;
    CHECK(waitpid(pid_, &status, 0) == pid_);
    CHECK(status == 0);
    fclose(from_);
  }
  a_server(const a_server&) = delete;

  // Connected, or -1.
  int dial() const {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int one = 1;
    if (fd >= 0 && connect(fd, reinterpret_cast<const sockaddr*>(&at_), sizeof at_) == 0) {
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      return fd;
    }
    if (fd >= 0) close(fd);
    return -1;
  }

  counts ask() const {
    counts c{-1, -1, -1};
    fputs("count\n", to_);
    fflush(to_);
    CHECK(fscanf(from_, "%ld %ld %ld", &c.live, &c.served, &c.refused) == 3);
    return c;
  }
  void until_live(long wanted) const {
    while (ask().live != wanted) std::this_thread::sleep_for(1ms);
  }

  std::string file(const char* name) const { return "/proc/" + std::to_string(pid_) + "/" + name; }
  int descriptors() const { return entries("fd", ""); }
  // Without the kernel's own workers for the ring.
  int kernel_threads() const { return entries("task", "iou-"); }
  long status(const char* key) const { return sum_of(file("status"), key); }
  long switches() const {
    long sum = 0;
    for (const std::string& task : names("task")) {
      sum += sum_of(file("task/") + task + "/status", "voluntary_ctxt_switches:");
      sum += sum_of(file("task/") + task + "/status", "nonvoluntary_ctxt_switches:");
    }
    return sum;
  }

 private:
  std::vector<std::string> names(const char* folder) const {
    std::vector<std::string> found;
    DIR* all = opendir(file(folder).c_str());
    REQUIRE(all != nullptr);
    while (const dirent* e = readdir(all)) {
      if (e->d_name[0] != '.') found.emplace_back(e->d_name);
    }
    closedir(all);
    return found;
  }
  int entries(const char* folder, const std::string& but) const {
    int count = 0;
    for (const std::string& name : names(folder)) {
      std::string what;
      if (!but.empty()) std::getline(std::ifstream(file(folder) + "/" + name + "/comm"), what);
      count += but.empty() || what.compare(0, but.size(), but) != 0;
    }
    return count;
  }
  static long sum_of(const std::string& path, const std::string& key) {
    std::ifstream in(path);
    for (std::string word; in >> word;) {
      long value = 0;
      if (word == key && in >> value) return value;
    }
    return 0;
  }

  pid_t pid_ = 0;
  FILE *to_ = nullptr, *from_ = nullptr;
  sockaddr_in at_{};
};

bool send_all(int fd, const std::string& text) {
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t n = send(fd, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return false;
    sent += static_cast<std::size_t>(n);
  }
  return true;
}

std::string receive(int fd, std::size_t bytes) {
  std::string text(bytes, 0);
  std::size_t had = 0;
  for (ssize_t n; had < bytes && (n = recv(fd, text.data() + had, bytes - had, 0)) > 0;) {
    had += static_cast<std::size_t>(n);
  }
  text.resize(had);
  return text;
}

bool echoes(int fd, const std::string& text) {
  return send_all(fd, text) && receive(fd, text.size()) == text;
}

void raise_descriptors() {
  rlimit limit{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = limit.rlim_max;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

std::string random_text(std::minstd_rand& random, std::size_t most) {
  std::string text(1 + random() % most, 0);
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

// --- clients; each returns how many requests it made, and counts what was wrong

std::atomic<long> wrong{0};

long asks_politely(int fd, std::minstd_rand& random) {
  const int count = 1 + static_cast<int>(random() % 20);
  for (int i = 0; i < count; i++) wrong += !echoes(fd, random_text(random, 3000));
  return count;
}

long resets(int fd, std::minstd_rand& random) {
  const linger at_once{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  send_all(fd, random_text(random, 3000));
  if (random() % 2 == 0) receive(fd, 1);
  return 1;
}

long half_closes(int fd, std::minstd_rand& random) {
  const std::string text = random_text(random, 100'000);
  std::string back;
  std::thread reader([&] { back = receive(fd, text.size() + 1); });
  if (!send_all(fd, text)) wrong++;
  shutdown(fd, SHUT_WR);
  reader.join();
  wrong += back != text;
  return 1;
}

long drips(int fd, std::minstd_rand& random) {
  const std::string text = random_text(random, 40);
  for (const char c : text) {
    if (!send_all(fd, std::string(1, c))) wrong++;
    if (random() % 8 == 0) std::this_thread::sleep_for(1ms);
  }
  wrong += receive(fd, text.size()) != text;
  return static_cast<long>(text.size());
}

// The server comes to wait in write(), and is reset there.
long never_reads(int fd, std::minstd_rand& random) {
  const timeval limit{0, 2'000};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  for (int i = 0; i < 50 && send_all(fd, std::string(100'000, 'x')); i++) continue;
  return resets(fd, random);
}

long one_client(int fd, std::minstd_rand& random) {
  switch (random() % 12) {
    case 0:
    case 1: return resets(fd, random);
    case 2: return half_closes(fd, random);
    case 3: return drips(fd, random);
    case 4: return random() % 8 == 0 ? never_reads(fd, random) : 0;
    case 5: return 0;  // says nothing and goes
  }
  return asks_politely(fd, random);
}

void bad_clients(const a_server& server, long requests, std::uint64_t seed) {
  std::atomic<long> made{0};
  std::vector<std::thread> clients;
  for (std::uint64_t i = 0; i < 64; i++) {
    clients.emplace_back([&, i] {
      std::minstd_rand random(static_cast<unsigned>(seed * 64 + i + 1));
      while (made < requests) {
        const int fd = server.dial();
        if (fd < 0) {
          wrong++;
          break;
        }
        made += one_client(fd, random);
        close(fd);
      }
    });
  }
  for (auto& c : clients) c.join();
  server.until_live(0);
}

}  // namespace

TEST_CASE("10,000 connections at once, on few kernel threads") {
  constexpr int connections = 10'000;
  raise_descriptors();
  const a_server server("20000");
  std::counting_semaphore<> dialing(200);
  std::latch connected(connections), measured(1);
  std::atomic<int> right{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < connections; i++) {
    clients.emplace_back([&, i] {
      dialing.acquire();
      const int fd = server.dial();
      dialing.release();
      right += fd >= 0 && echoes(fd, "hello " + std::to_string(i));
      connected.count_down();
      measured.wait();
      right += fd >= 0 && echoes(fd, "goodbye " + std::to_string(i));
      close(fd);
    });
  }
  connected.wait();
  CHECK(server.ask().live == connections);
#ifdef RT0_FEW_THREADS
  const char* procs = getenv("RT0_MAXPROCS");
  CHECK(server.kernel_threads() <= 2 * (procs != nullptr ? atoi(procs) : sysconf(_SC_NPROCESSORS_ONLN)) + 4);
#endif
  MESSAGE(server.kernel_threads() << " kernel threads, " << server.status("VmRSS:") << " KiB");
  measured.count_down();
  for (auto& c : clients) c.join();
  CHECK(right == 2 * connections);
  server.until_live(0);
}

TEST_CASE("resets, half closes, drips, and clients that never read: no wrong byte, no leak") {
  const char* more = getenv("RT0_REQUESTS");
  const long requests = more != nullptr ? atol(more) : 20'000;
  const std::uint64_t seed = test_seed();
  const a_server server("1024");
  bad_clients(server, requests / 4, seed);
  const int descriptors = server.descriptors(), threads = server.kernel_threads();
  const long kib = server.status("VmRSS:");
  bad_clients(server, requests, seed + 1);
  CHECK(wrong == 0);
  CHECK(server.descriptors() == descriptors);
  CHECK(server.kernel_threads() <= threads + 2);
  CHECK(server.status("VmRSS:") <= kib + 8 * 1024);
  MESSAGE(server.ask().served << " connections, " << kib << " KiB, then " << server.status("VmRSS:"));
}

TEST_CASE("no descriptors left is an error, and service resumes") {
  const a_server server("64");
  for (int round = 0; round < 3; round++) {
    const long refused = server.ask().refused;
    std::vector<int> held;
    for (int i = 0; i < 100; i++) held.push_back(server.dial());
    while (server.ask().refused == refused) std::this_thread::sleep_for(1ms);
    CHECK(server.ask().live < 64);
    for (const int fd : held) close(fd);
    server.until_live(0);
    const int fd = server.dial();
    CHECK(echoes(fd, "again"));
    close(fd);
    server.until_live(0);
  }
}

TEST_CASE("a server to whom nobody speaks does nothing") {
  setenv("RT0_DEBUG", "idlepages=0", 1);
  const a_server server("1024");
  std::vector<int> held;
  for (int i = 0; i < 100; i++) {
    held.push_back(server.dial());
    CHECK(echoes(held.back(), "hello"));
  }
  std::this_thread::sleep_for(500ms);
  const long before = server.switches();
  std::this_thread::sleep_for(5s);
  CHECK(server.switches() == before);
  for (const int fd : held) close(fd);
}
