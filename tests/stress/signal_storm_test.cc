// Signals to threads that run, lock, sleep, read, and wait for conditions and semaphores, at random: none is
// lost, none comes twice, none comes to another. Real-time signals queue, so they are counted as sent; a
// standard signal is sent again when its handler has acknowledged the last.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "tests/runtime/seed.h"

namespace {

constexpr int threads = 16, signals = 100'000;

struct alignas(64) counts {
  std::atomic<long> real_time{0}, standard{0}, sent{0};
  std::atomic<bool> acknowledged{true};
  std::thread thread;
};
counts all[threads];
thread_local counts* mine = nullptr;
std::atomic<long> strangers{0};
std::atomic<bool> done{false};

void on_real_time(int, siginfo_t* info, void*) {
  if (info->si_value.sival_ptr != mine) strangers++;
  mine->real_time++;
}

void on_standard(int) {
  mine->standard++;
  mine->acknowledged = true;
}

std::mutex mutexes[2];
std::condition_variable condition;
sem_t semaphore;
int pipe_in, pipe_out;

void wait_somehow(std::mt19937& random, volatile double& work) {
  const timespec moment{0, 20'000};
  char byte;
  switch (random() % 8) {
    case 0:
      for (int i = 0; i < 5'000; i++) work = work + 1.0 / (i + 1);
      return;
    case 1: nanosleep(&moment, nullptr); return;
    case 2: (void)!read(pipe_in, &byte, 1); return;
    case 3: sem_wait(&semaphore); return;
    case 4: std::this_thread::yield(); return;
    case 5: {
      const std::lock_guard hold(mutexes[random() % 2]);
      for (int i = 0; i < 500; i++) work = work + 1;
      return;
    }
    case 6: {
      std::unique_lock hold(mutexes[0]);
      condition.wait_for(hold, std::chrono::microseconds(50));
      return;
    }
    case 7: {
      free(malloc(random() % 4096));
      return;
    }
  }
}

// Returns how often there was no room.
long send_all(unsigned start, int real_time, long* standard) {
  std::mt19937 random(start);
  long refused = 0;
  for (int sent = 0; sent < signals;) {
    counts& to = all[random() % threads];
    const pthread_t id = to.thread.native_handle();
    if (random() % 2 == 0) {
      sigval value{};
      value.sival_ptr = &to;
      while (pthread_sigqueue(id, real_time, value) != 0) {
        refused++;
        std::this_thread::yield();
      }
      to.sent++;
      sent++;
    } else if (to.acknowledged.exchange(false)) {
      REQUIRE(pthread_kill(id, SIGUSR1) == 0);
      standard[&to - all]++;
      sent++;
    }
    if (random() % 64 == 0) sem_post(&semaphore);
    if (random() % 64 == 0) REQUIRE(write(pipe_out, "x", 1) == 1);
    if (random() % 16 == 0) std::this_thread::yield();
  }
  return refused;
}

}  // namespace

TEST_CASE("100,000 signals to threads that do everything") {
  const auto start = static_cast<unsigned>(test_seed());
  const int real_time = SIGRTMIN + 5;
  struct sigaction queues {
  }, once{};
  queues.sa_sigaction = on_real_time;
  queues.sa_flags = SA_SIGINFO;
  once.sa_handler = on_standard;
  once.sa_flags = SA_RESTART;
  REQUIRE(sigaction(real_time, &queues, nullptr) == 0);
  REQUIRE(sigaction(SIGUSR1, &once, nullptr) == 0);
  sem_init(&semaphore, 0, 0);
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  pipe_in = ends[0];
  pipe_out = ends[1];

  std::atomic<int> ready{0};
  for (int i = 0; i < threads; i++) {
    all[i].thread = std::thread([i, start, &ready] {
      mine = &all[i];
      ready++;
      std::mt19937 random(start + static_cast<unsigned>(i));
      volatile double work = 0;
      while (!done) wait_somehow(random, work);
    });
  }
  while (ready < threads) std::this_thread::yield();
  long standard[threads] = {};
  const long refused = send_all(start, real_time, standard);
  for (int i = 0; i < threads; i++) {
    while (all[i].real_time < all[i].sent || !all[i].acknowledged) std::this_thread::yield();
  }
  done = true;
  for (int i = 0; i < threads; i++) {
    sem_post(&semaphore);
    REQUIRE(write(pipe_out, "x", 1) == 1);
  }
  long total = 0;
  for (int i = 0; i < threads; i++) {
    // What it may still wait for is there for all of them.
    all[i].thread.join();
    CHECK(all[i].real_time == all[i].sent);
    CHECK(all[i].standard == standard[i]);
    total += all[i].real_time + all[i].standard;
  }
  CHECK(total == signals);
  CHECK(strangers == 0);
  MESSAGE(total << " handlers, " << refused << " refused for want of room");
}
