// CPUs, policies and priorities of threads: set by a thread itself, by another, and at creation; inherited;
// and given back with the end of the thread.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <thread>
#include <vector>

namespace {

cpu_set_t allowed() {
  cpu_set_t set;
  CPU_ZERO(&set);
  CHECK(sched_getaffinity(0, sizeof set, &set) == 0);
  return set;
}

// The nth CPU that this process may use, from the end.
int last_cpu(int n = 0) {
  const cpu_set_t set = allowed();
  for (int cpu = CPU_SETSIZE - 1; cpu >= 0; cpu--) {
    if (CPU_ISSET(cpu, &set) && n-- == 0) return cpu;
  }
  return -1;
}

cpu_set_t only(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return set;
}

bool runs_only_on(int cpu) {
  for (int i = 0; i < 20; i++) {
    if (sched_getcpu() != cpu) return false;
    i % 2 != 0 ? std::this_thread::yield() : (void)usleep(100);
  }
  return true;
}

bool is_only(const cpu_set_t& set, int cpu) { return CPU_COUNT(&set) == 1 && CPU_ISSET(cpu, &set); }

}  // namespace

TEST_CASE("a thread chooses its CPU, stays there, and takes nothing with it when it ends") {
  const cpu_set_t before = allowed();
  const int cpu = last_cpu();
  for (int round = 0; round < 5; round++) {
    std::thread([cpu] {
      const cpu_set_t wanted = only(cpu);
      CHECK(pthread_setaffinity_np(pthread_self(), sizeof wanted, &wanted) == 0);
      CHECK(runs_only_on(cpu));
      cpu_set_t got;
      CHECK(pthread_getaffinity_np(pthread_self(), sizeof got, &got) == 0);
      CHECK(is_only(got, cpu));
      CHECK(is_only(allowed(), cpu));
    }).join();
    const cpu_set_t after = allowed();
    CHECK(CPU_EQUAL(&before, &after));
    std::thread([&before] {
      const cpu_set_t mine = allowed();
      CHECK(CPU_EQUAL(&before, &mine));
    }).join();
  }
}

TEST_CASE("nonsense is refused, and changes nothing") {
  std::thread([] {
    const cpu_set_t before = allowed();
    cpu_set_t none;
    CPU_ZERO(&none);
    CHECK(pthread_setaffinity_np(pthread_self(), sizeof none, &none) == EINVAL);
    CHECK(sched_setaffinity(0, sizeof none, &none) == -1);
    CHECK(errno == EINVAL);
    sched_param param{};
    param.sched_priority = 1;
    CHECK(pthread_setschedparam(pthread_self(), SCHED_OTHER, &param) == EINVAL);
    param.sched_priority = 0;
    CHECK(pthread_setschedparam(pthread_self(), 77, &param) == EINVAL);
    CHECK(pthread_setschedprio(pthread_self(), 5) == EINVAL);
    const cpu_set_t after = allowed();
    CHECK(CPU_EQUAL(&before, &after));
  }).join();
}

TEST_CASE("another thread's CPU: while it waits, and while it computes") {
  const int cpu = last_cpu();
  const cpu_set_t wanted = only(cpu);
  for (int round = 0; round < 10; round++) {
    sem_t go;
    REQUIRE(sem_init(&go, 0, 0) == 0);
    std::atomic<bool> started{false}, check{false};
    std::thread waits([&] {
      started = true;
      sem_wait(&go);
      CHECK(runs_only_on(cpu));
    });
    std::thread computes([&] {
      while (!check) {
      }
      std::this_thread::yield();
      CHECK(runs_only_on(cpu));
    });
    while (!started) std::this_thread::yield();
    CHECK(pthread_setaffinity_np(waits.native_handle(), sizeof wanted, &wanted) == 0);
    CHECK(pthread_setaffinity_np(computes.native_handle(), sizeof wanted, &wanted) == 0);
    cpu_set_t got;
    CHECK(pthread_getaffinity_np(computes.native_handle(), sizeof got, &got) == 0);
    CHECK(is_only(got, cpu));
    check = true;
    sem_post(&go);
    waits.join();
    computes.join();
  }
}

TEST_CASE("the attribute's CPU holds from the first instruction, and what the thread makes inherits it") {
  const int cpu = last_cpu();
  const cpu_set_t wanted = only(cpu);
  pthread_attr_t attr;
  REQUIRE(pthread_attr_init(&attr) == 0);
  REQUIRE(pthread_attr_setaffinity_np(&attr, sizeof wanted, &wanted) == 0);
  std::atomic<int> good{0};
  struct arguments {
    int cpu;
    std::atomic<int>& good;
  } arguments{cpu, good};
  const auto body = [](void* given) -> void* {
    const auto& a = *static_cast<struct arguments*>(given);
    a.good += sched_getcpu() == a.cpu;
    std::thread([&a] { a.good += runs_only_on(a.cpu); }).join();
    return nullptr;
  };
  for (int i = 0; i < 10; i++) {
    pthread_t t;
    REQUIRE(pthread_create(&t, &attr, body, &arguments) == 0);
    CHECK(pthread_join(t, nullptr) == 0);
  }
  CHECK(good == 20);
  cpu_set_t none;
  CPU_ZERO(&none);
  REQUIRE(pthread_attr_setaffinity_np(&attr, sizeof none, &none) == 0);
  pthread_t t;
  CHECK(pthread_create(&t, &attr, body, &arguments) == EINVAL);
  CHECK(pthread_attr_destroy(&attr) == 0);
}

TEST_CASE("threads on their own CPUs talk to threads that have none") {
  std::atomic<int> sum{0};
  std::vector<std::thread> all;
  sem_t ping, pong;
  REQUIRE(sem_init(&ping, 0, 0) == 0);
  REQUIRE(sem_init(&pong, 0, 0) == 0);
  for (int i = 0; i < 8; i++) {
    all.emplace_back([&, i] {
      if (i % 2 == 0) {
        const cpu_set_t wanted = only(last_cpu());
        CHECK(pthread_setaffinity_np(pthread_self(), sizeof wanted, &wanted) == 0);
      }
      for (int n = 0; n < 300; n++) {
        i % 2 == 0 ? (sem_wait(&ping), sem_post(&pong)) : (sem_post(&ping), sem_wait(&pong));
        sum++;
      }
    });
  }
  for (auto& t : all) t.join();
  CHECK(sum == 8 * 300);
}

TEST_CASE("policies: read, set where the system lets us, at creation too") {
  int policy = -1;
  sched_param param{};
  CHECK(pthread_getschedparam(pthread_self(), &policy, &param) == 0);
  CHECK(policy == sched_getscheduler(0));
  std::thread([] {
    sched_param none{};
    CHECK(pthread_setschedparam(pthread_self(), SCHED_BATCH, &none) == 0);
    CHECK(sched_getscheduler(0) == SCHED_BATCH);
    std::this_thread::yield();
    CHECK(syscall(SYS_sched_getscheduler, 0) == SCHED_BATCH);
    CHECK(pthread_setschedprio(pthread_self(), 0) == 0);
  }).join();
  CHECK(sched_getscheduler(0) == policy);
  pthread_attr_t attr;
  REQUIRE(pthread_attr_init(&attr) == 0);
  param.sched_priority = 1;
  REQUIRE(pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED) == 0);
  REQUIRE(pthread_attr_setschedpolicy(&attr, SCHED_FIFO) == 0);
  REQUIRE(pthread_attr_setschedparam(&attr, &param) == 0);
  pthread_t t;
  const int error = pthread_create(
      &t, &attr,
      [](void*) -> void* {
        int policy = -1;
        sched_param param{};
        CHECK(pthread_getschedparam(pthread_self(), &policy, &param) == 0);
        CHECK(policy == SCHED_FIFO);
        CHECK(param.sched_priority == 1);
        return nullptr;
      },
      nullptr);
  CHECK((error == 0 || error == EPERM));
  if (error == 0) CHECK(pthread_join(t, nullptr) == 0);
  CHECK(pthread_attr_destroy(&attr) == 0);
}

TEST_CASE("the attribute's signal mask is the thread's first") {
  pthread_attr_t attr;
  REQUIRE(pthread_attr_init(&attr) == 0);
  sigset_t set;
  CHECK(pthread_attr_getsigmask_np(&attr, &set) == PTHREAD_ATTR_NO_SIGMASK_NP);
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  REQUIRE(pthread_attr_setsigmask_np(&attr, &set) == 0);
  sigset_t got;
  CHECK(pthread_attr_getsigmask_np(&attr, &got) == 0);
  CHECK(sigismember(&got, SIGUSR1) == 1);
  pthread_t t;
  const auto body = [](void*) -> void* {
    sigset_t mine;
    CHECK(pthread_sigmask(SIG_BLOCK, nullptr, &mine) == 0);
    CHECK(sigismember(&mine, SIGUSR1) == 1);
    CHECK(sigismember(&mine, SIGUSR2) == 0);
    return nullptr;
  };
  REQUIRE(pthread_create(&t, &attr, body, nullptr) == 0);
  CHECK(pthread_join(t, nullptr) == 0);
  CHECK(pthread_attr_setsigmask_np(&attr, nullptr) == 0);
  CHECK(pthread_attr_getsigmask_np(&attr, &got) == PTHREAD_ATTR_NO_SIGMASK_NP);
  CHECK(pthread_attr_destroy(&attr) == 0);
}

TEST_CASE("a thread's own clock of CPU time runs") {
  std::thread([] {
    clockid_t clock = 0;
    REQUIRE(pthread_getcpuclockid(pthread_self(), &clock) == 0);
    timespec before{}, now{};
    REQUIRE(clock_gettime(clock, &before) == 0);
    do REQUIRE(clock_gettime(clock, &now) == 0);
    while (now.tv_sec == before.tv_sec && now.tv_nsec < before.tv_nsec + 1000);
  }).join();
}
