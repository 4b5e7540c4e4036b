// fork and its relatives, from any thread, with others running: the child is a whole process, which may
// print, allocate, make threads, fork again, and end by exit.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/std/children.h"

using namespace std::chrono_literals;

namespace {

// What a child whose checks failed ends with.
constexpr int wrong = 99;

// Threads that do what a program does, until they go out of scope.
class load {
 public:
  explicit load(int n) {
    for (int i = 0; i < n; i++) threads_.emplace_back([this, i] { work(i); });
  }
  ~load() {
    stop_ = true;
    for (std::thread& t : threads_) t.join();
  }

 private:
  void work(int i) {
    FILE* sink = fopen("/dev/null", "w");
    while (!stop_) {
      switch (i % 4) {
        case 0: {
          std::map<int, std::string> map;
          for (int k = 0; k < 50; k++) map[k] = std::string(static_cast<std::size_t>(k) * 20, 'x');
          break;
        }
        case 1: fprintf(sink, "%d %s\n", i, "a line"), fflush(sink); break;
        case 2: {
          std::lock_guard hold(mutex_);
          count_++;
          std::this_thread::yield();
          break;
        }
        case 3: std::thread([] {}).join(); break;
      }
    }
    fclose(sink);
  }

  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  long count_ = 0;
  std::vector<std::thread> threads_;
};

// A child's life: memory, a lock, threads that wait for each other, a sleep.
int lead_a_life() {
  std::vector<std::thread> threads;
  std::atomic<int> sum{0};
  std::mutex mutex;
  std::condition_variable changed;
  int turn = 0;
  for (int i = 0; i < 4; i++) {
    threads.emplace_back([&, i] {
      std::unique_lock hold(mutex);
      changed.wait(hold, [&] { return turn == i; });
      turn++;
      sum += static_cast<int>(std::string(10, 'x').size());
      changed.notify_all();
    });
  }
  for (std::thread& t : threads) t.join();
  std::this_thread::sleep_for(1ms);
  return sum == 40 ? 0 : wrong;
}

}  // namespace

TEST_CASE("the child is a process of its own") {
  const pid_t me = getpid();
  const int status = in_child([me] {
    if (getpid() == me || getppid() != me) return wrong;
    return gettid() == getpid() ? 7 : wrong;
  });
  CHECK(status == 7);
  CHECK(getpid() == me);
}

TEST_CASE("the child has its own memory") {
  int here = 1;
  const int status = in_child([&] { return ++here; });
  CHECK(status == 2);
  CHECK(here == 1);
}

TEST_CASE("the child makes threads, which lock, wait and sleep") { CHECK(in_child(lead_a_life) == 0); }

TEST_CASE("a thread forks; the child's one thread goes on, and its end is the process's") {
  std::thread([] {
    const pid_t pid = fork();
    if (pid == 0) {
      std::thread([] {}).join();
      return;  // the last thread: exit(0)
    }
    CHECK(status_of(pid) == 0);
  }).join();
}

TEST_CASE("exit in the child runs what atexit registered and flushes stdio, once") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t pid = fork();
  if (pid == 0) {
    static FILE* out;
    out = fdopen(ends[1], "w");
    fprintf(out, "buffered ");
    atexit([] { fprintf(out, "atexit "); });
    std::thread([] { exit(5); }).join();
  }
  close(ends[1]);
  CHECK(status_of(pid) == 5);
  char text[100];
  const ssize_t n = read(ends[0], text, sizeof text);
  CHECK(std::string(text, static_cast<std::size_t>(n > 0 ? n : 0)) == "buffered atexit ");
  close(ends[0]);
}

TEST_CASE("children of children") {
  const int status = in_child([] {
    return in_child([] { return in_child([] { return lead_a_life() == 0 ? 3 : wrong; }) + 1; }) + 1;
  });
  CHECK(status == 5);
}

TEST_CASE("main's variables can be read from the child of a thread, and its threads joined") {
  std::string of_main = "of main";
  std::promise<void> end;
  std::thread waiting([&] { end.get_future().wait(); });
  std::thread([&] {
    const int status = in_child([&] {
      waiting.join();  // it is not here: it has ended
      return of_main == "of main" ? lead_a_life() : wrong;
    });
    CHECK(status == 0);
  }).join();
  end.set_value();
  waiting.join();
}

TEST_CASE("thread_local values and keys are the forking thread's") {
  static thread_local int value = 0;
  pthread_key_t key;
  REQUIRE(pthread_key_create(&key, nullptr) == 0);
  std::thread([&] {
    value = 5;
    pthread_setspecific(key, &value);
    const int status = in_child([&] {
      bool fresh = false;
      std::thread([&] { fresh = value == 0 && pthread_getspecific(key) == nullptr; }).join();
      return fresh && value == 5 && pthread_getspecific(key) == &value ? 0 : wrong;
    });
    CHECK(status == 0);
  }).join();
  pthread_key_delete(key);
}

TEST_CASE("a mutex that the forking thread holds is the child's to unlock") {
  std::mutex mutex;
  std::unique_lock hold(mutex);
  std::thread waiter([&] { std::lock_guard wait(mutex); });
  std::this_thread::sleep_for(2ms);
  const int status = in_child([&] {
    hold.unlock();
    bool got = false;
    std::thread([&] { got = mutex.try_lock(); }).join();
    return got ? 0 : wrong;
  });
  CHECK(status == 0);
  hold.unlock();
  waiter.join();
}

namespace {

// Written by the functions of pthread_atfork while one case looks: other cases fork from many threads at
// once.
std::string order;
bool recording = false;

template <char Which, char Number>
void note() {
  if (recording) order += std::string{Which, Number, ' '};
}

}  // namespace

TEST_CASE("pthread_atfork: prepare backwards, parent and child forwards") {
  REQUIRE(pthread_atfork(note<'p', '1'>, note<'a', '1'>, note<'c', '1'>) == 0);
  REQUIRE(pthread_atfork(note<'p', '2'>, nullptr, note<'c', '2'>) == 0);
  REQUIRE(pthread_atfork(nullptr, note<'a', '3'>, nullptr) == 0);
  recording = true;
  CHECK(in_child([] { return order == "p2 p1 c1 c2 " ? 0 : wrong; }) == 0);
  CHECK(order == "p2 p1 a1 a3 ");
  order.clear();
  const pid_t pid = _Fork();
  if (pid == 0) _exit(order.empty() ? 0 : wrong);
  CHECK(status_of(pid) == 0);
  CHECK(order.empty());
  recording = false;
}

TEST_CASE("vfork and the older names") {
  const pid_t pid = vfork();
  if (pid == 0) _exit(4);
  CHECK(status_of(pid) == 4);
  const long by_number = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (by_number == 0) _exit(6);
  CHECK(status_of(static_cast<pid_t>(by_number)) == 6);
}

TEST_CASE("signals of the child are its one thread's, whoever forked") {
  static std::atomic<int> handled{0};
  signal(SIGUSR1, [](int) { handled++; });
  std::thread([] {
    const int status = in_child([] {
      kill(getpid(), SIGUSR1);
      raise(SIGUSR1);
      while (handled != 2) std::this_thread::yield();
      std::thread([] { kill(getpid(), SIGUSR1); }).join();
      while (handled != 3) std::this_thread::yield();
      return 0;
    });
    CHECK(status == 0);
  }).join();
  CHECK(handled == 0);
  signal(SIGUSR1, SIG_DFL);
}

TEST_CASE("a FILE that somebody holds is free in the child") {
  FILE* file = tmpfile();
  std::promise<void> held, end;
  std::thread holder([&] {
    flockfile(file);
    held.set_value();
    end.get_future().wait();
    funlockfile(file);
  });
  held.get_future().wait();
  CHECK(in_child([&] { return fprintf(file, "text") == 4 && fflush(file) == 0 ? 0 : wrong; }) == 0);
  end.set_value();
  holder.join();
  fclose(file);
}

TEST_CASE("waiting for a child stops nobody else") {
  const pid_t pid = fork();
  if (pid == 0) {
    pause();
    _exit(wrong);
  }
  std::atomic<bool> waited{false};
  std::vector<std::thread> waiters;
  int status = 0;
  waiters.emplace_back([&] {
    CHECK(waitpid(pid, &status, 0) == pid);
    waited = true;
  });
  for (int i = 0; i < 100; i++) std::thread([] { std::this_thread::yield(); }).join();
  CHECK_FALSE(waited);
  kill(pid, SIGKILL);
  waiters[0].join();
  CHECK(WTERMSIG(status) == SIGKILL);
}

// Both kinds of waits (runtime/io/netpoll.h): a read's for readiness, an accept's as an operation of the
// ring.
TEST_CASE("a fork while others wait in the kernel: their waits go on, the child has its own") {
  struct waits {
    int pipe[2];
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    socklen_t bytes = sizeof address;
    waits() {
      address.sin_family = AF_INET, address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      REQUIRE(::pipe(pipe) == 0);
      REQUIRE(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
      REQUIRE(listen(listener, 8) == 0);
      REQUIRE(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &bytes) == 0);
    }
    ~waits() {
      for (int fd : {pipe[0], pipe[1], listener}) close(fd);
    }
    bool read_one() const {
      char c;
      return read(pipe[0], &c, 1) == 1;
    }
    bool accept_one() const {
      const int fd = accept(listener, nullptr, nullptr);
      return fd >= 0 && close(fd) == 0;
    }
    bool write_and_connect() const {
      const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const bool done = write(pipe[1], "x", 1) == 1 &&
                        connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
      return close(fd) == 0 && done;
    }
  };
  for (int round = 0; round < 20; round++) {
    const waits ours;
    std::atomic<int> done{0};
    std::thread reads([&] { done += ours.read_one(); });
    std::thread accepts([&] { done += ours.accept_one(); });
    for (int i = 0; i < round; i++) std::this_thread::yield();
    CHECK(in_child([] {
            const waits own;
            std::atomic<int> done{0};
            std::thread reads([&] { done += own.read_one(); });
            std::thread accepts([&] { done += own.accept_one(); });
            std::this_thread::yield();
            const bool sent = own.write_and_connect();
            reads.join();
            accepts.join();
            return sent && done == 2 ? 0 : wrong;
          }) == 0);
    CHECK(done == 0);
    CHECK(ours.write_and_connect());
    reads.join();
    accepts.join();
    CHECK(done == 2);
  }
}

TEST_CASE("wait3, wait4, waitid") {
  for (int how = 0; how < 3; how++) {
    const pid_t pid = fork();
    if (pid == 0) _exit(10 + how);
    int status = 0;
    rusage usage{};
    siginfo_t info{};
    switch (how) {
      case 0: CHECK(wait4(pid, &status, 0, &usage) == pid); break;
      case 1: CHECK(wait3(&status, 0, &usage) == pid); break;
      case 2:
        CHECK(waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED) == 0);
        CHECK(info.si_pid == pid);
        CHECK(info.si_status == 12);
        continue;
    }
    CHECK(WEXITSTATUS(status) == 10 + how);
    CHECK(usage.ru_maxrss > 0);
  }
  CHECK(wait3(nullptr, WNOHANG, nullptr) == -1);
  CHECK(no_children());
}

TEST_CASE("1,000 forks by 100 threads under load") {
  constexpr int threads = 100, forks_each = 10;
  std::atomic<int> good{0};
  {
    load others(8);
    std::vector<std::thread> forkers;
    for (int t = 0; t < threads; t++) {
      forkers.emplace_back([&good, t] {
        for (int i = 0; i < forks_each; i++) {
          const int wanted = (t * forks_each + i) % 90;
          const int status = in_child([&] {
            std::string text(1000, 'x');
            if (i == 0 && lead_a_life() != 0) return wrong;
            return text.size() == 1000 ? wanted : wrong;
          });
          if (status == wanted) {
            good++;
          } else {
            printf("thread %d, fork %d: status %d instead of %d\n", t, i, status, wanted);
          }
        }
      });
    }
    for (std::thread& f : forkers) f.join();
  }
  CHECK(good == threads * forks_each);
  CHECK(no_children());
}

TEST_CASE("a child of a process with 10,000 threads that wait") {
  constexpr int crowd = 10'000;
  std::mutex mutex;
  std::condition_variable changed;
  bool end = false;
  std::vector<std::thread> threads;
  threads.reserve(crowd);
  for (int i = 0; i < crowd; i++) {
    threads.emplace_back([&, i] {
      std::unique_lock hold(mutex);
      if (i % 2 == 0) {
        changed.wait(hold, [&] { return end; });
      } else {
        while (!changed.wait_for(hold, 1h, [&] { return end; })) continue;
      }
    });
  }
  CHECK(in_child(lead_a_life) == 0);
  {
    std::lock_guard hold(mutex);
    end = true;
  }
  changed.notify_all();
  for (std::thread& t : threads) t.join();
}
