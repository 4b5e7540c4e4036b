// Signals of the process: kill, alarm, timers, sigwait, sigsuspend, SIGPIPE, signalfd; and faults.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fenv.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "signal_scopes.h"

namespace {

std::atomic<int> handled{0};
std::atomic<pthread_t> handled_on{};

void count(int) {
  handled_on = pthread_self();
  handled++;
}

class handler {
 public:
  handler(int signal, void (*fn)(int), int flags = 0) : signal_(signal) {
    struct sigaction own {};
    own.sa_handler = fn;
    own.sa_flags = flags;
    begin(own);
  }
  handler(int signal, void (*fn)(int, siginfo_t*, void*), int flags = 0) : signal_(signal) {
    struct sigaction own {};
    own.sa_sigaction = fn;
    own.sa_flags = flags | SA_SIGINFO;
    begin(own);
  }
  ~handler() { REQUIRE(sigaction(signal_, &before_, nullptr) == 0); }

 private:
  void begin(const struct sigaction& own) {
    REQUIRE(sigaction(signal_, &own, &before_) == 0);
    handled = 0;
  }
  int signal_;
  struct sigaction before_ {};
};

void alarm_in(int ms) {
  const itimerval once{{0, 0}, {ms / 1000, ms % 1000 * 1000}};
  REQUIRE(setitimer(ITIMER_REAL, &once, nullptr) == 0);
}

void is_eintr(long result) {
  CHECK(result == -1);
  CHECK(errno == EINTR);
}

[[gnu::noinline]] int overflow(int n) {
  volatile char here[256];
  here[n % 256] = static_cast<char>(n);
  return overflow(n + 1) + here[n % 7];
}

struct pipe_ends {
  int in = -1, out = -1;
  pipe_ends() {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    in = ends[0];
    out = ends[1];
  }
  ~pipe_ends() {
    close(in);
    close(out);
  }
};

}  // namespace

TEST_CASE("alarm ends pause, read, sleep, sem_wait, poll, accept of the main thread, others running or not") {
  const handler alrm(SIGALRM, count);
  for (int others : {0, 2}) {
    std::atomic<bool> stop{false};
    std::vector<std::thread> busy;
    for (int i = 0; i < others; i++) {
      busy.emplace_back([&] {
        while (!stop.load(std::memory_order_relaxed)) {
        }
      });
    }
    const pipe_ends pipe;
    sem_t semaphore;
    sem_init(&semaphore, 0, 0);
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(listener, 1) == 0);
    char byte;
    handled = 0;
    alarm_in(10);
    is_eintr(pause());
    alarm_in(10);
    is_eintr(read(pipe.in, &byte, 1));
    alarm_in(10);
    CHECK(sleep(3600) >= 3500);
    alarm_in(10);
    is_eintr(sem_wait(&semaphore));
    alarm_in(10);
    is_eintr(poll(nullptr, 0, -1));
    alarm_in(10);
    is_eintr(accept(listener, nullptr, nullptr));
    CHECK(handled == 6);
    CHECK(pthread_equal(handled_on, pthread_self()));
    close(listener);
    stop = true;
    for (auto& t : busy) t.join();
  }
}

TEST_CASE("SA_RESTART: alarm does not end read") {
  const handler alrm(SIGALRM, count, SA_RESTART);
  const pipe_ends pipe;
  std::thread writer([&] {
    while (handled < 3) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    CHECK(write(pipe.out, "x", 1) == 1);
  });
  const itimerval thrice{{0, 5000}, {0, 5000}}, none{};
  REQUIRE(setitimer(ITIMER_REAL, &thrice, nullptr) == 0);
  char byte;
  CHECK(read(pipe.in, &byte, 1) == 1);
  REQUIRE(setitimer(ITIMER_REAL, &none, nullptr) == 0);
  CHECK(handled >= 3);
  writer.join();
}

TEST_CASE("a timer of 1 kHz over a loop that computes elsewhere: exact results, and it fires") {
  const handler alrm(SIGALRM, count, SA_RESTART);
  const itimerval often{{0, 1000}, {0, 1000}}, none{};
  REQUIRE(setitimer(ITIMER_REAL, &often, nullptr) == 0);
  const auto work = [] {
    double sum = 0;
    std::uint64_t hash = 1469598103934665603u;
    for (int i = 0; i < 20'000'000; i++) {
      sum += 1.0 / (i + 1);
      hash = (hash ^ static_cast<unsigned>(i)) * 1099511628211u;
    }
    return std::pair(sum, hash);
  };
  std::pair<double, std::uint64_t> other, mine;
  std::thread t([&] { other = work(); });
  mine = work();
  t.join();
  REQUIRE(setitimer(ITIMER_REAL, &none, nullptr) == 0);
  CHECK(mine == other);
  CHECK(handled > 10);
  MESSAGE(handled << " alarms");
}

TEST_CASE("sigwait: the mask of main before it makes threads") {
  sigset_t set = only(SIGTERM), before;
  sigaddset(&set, SIGINT);
  REQUIRE(pthread_sigmask(SIG_BLOCK, &set, &before) == 0);
  std::atomic<int> got[NSIG]{};
  std::thread waiter([&] {
    for (;;) {
      int signal = 0;
      CHECK(sigwait(&set, &signal) == 0);
      got[signal]++;
      if (signal == SIGINT) return;
    }
  });
  std::thread worker([&] {
    for (int i = 1; i <= 200; i++) {
      kill(getpid(), SIGTERM);
      while (got[SIGTERM] < i) std::this_thread::yield();
    }
    kill(getpid(), SIGINT);
  });
  worker.join();
  waiter.join();
  CHECK(got[SIGTERM] == 200);
  CHECK(got[SIGINT] == 1);
  REQUIRE(pthread_sigmask(SIG_SETMASK, &before, nullptr) == 0);
}

TEST_CASE("sigwaitinfo tells the sender's value; sigtimedwait ends in time, and by a handler") {
  const int signal = SIGRTMIN + 3;
  const blocked own(signal);
  sigval value{};
  value.sival_int = 4711;
  REQUIRE(sigqueue(getpid(), signal, value) == 0);
  siginfo_t info{};
  CHECK(sigwaitinfo(&own.set, &info) == signal);
  CHECK(info.si_code == SI_QUEUE);
  CHECK(info.si_value.sival_int == 4711);
  CHECK(info.si_pid == getpid());
  const timespec moment{0, 10'000'000}, hour{3600, 0}, now{};
  CHECK(sigtimedwait(&own.set, &info, &moment) == -1);
  CHECK(errno == EAGAIN);
  CHECK(sigtimedwait(&own.set, &info, &now) == -1);
  CHECK(errno == EAGAIN);
  const handler alrm(SIGALRM, count, SA_RESTART);
  alarm_in(10);
  is_eintr(sigtimedwait(&own.set, &info, &hour));
  CHECK(handled == 1);
}

TEST_CASE("sigsuspend, ppoll, pselect, epoll_pwait: the mask is let go for the wait alone") {
  const handler usr1(SIGUSR1, count);
  const blocked own(SIGUSR1);
  sigset_t none;
  sigemptyset(&none);
  const int epoll = epoll_create1(0);
  for (int way = 0; way < 4; way++) {
    handled = 0;
    REQUIRE(kill(getpid(), SIGUSR1) == 0);
    CHECK(handled == 0);
    epoll_event event;
    switch (way) {
      case 0: is_eintr(sigsuspend(&none)); break;
      case 1: is_eintr(ppoll(nullptr, 0, nullptr, &none)); break;
      case 2: is_eintr(pselect(0, nullptr, nullptr, nullptr, nullptr, &none)); break;
      case 3: is_eintr(epoll_pwait(epoll, &event, 1, -1, &none)); break;
    }
    CHECK(handled == 1);
    sigset_t now;
    REQUIRE(pthread_sigmask(SIG_BLOCK, nullptr, &now) == 0);
    CHECK(sigismember(&now, SIGUSR1) == 1);
    const timespec moment{0, 1'000'000};
    CHECK(ppoll(nullptr, 0, &moment, &none) == 0);
    REQUIRE(pthread_sigmask(SIG_BLOCK, nullptr, &now) == 0);
    CHECK(sigismember(&now, SIGUSR1) == 1);
  }
  close(epoll);
}

TEST_CASE("SIGPIPE: the handler has run when write says EPIPE; ignored, and MSG_NOSIGNAL") {
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  close(ends[0]);
  {
    const handler sigpipe(SIGPIPE, count);
    errno = 0;
    CHECK(write(ends[1], "x", 1) == -1);
    CHECK(errno == EPIPE);
    CHECK(handled == 1);
    CHECK(pthread_equal(handled_on, pthread_self()));
    CHECK(send(ends[1], "x", 1, MSG_NOSIGNAL) == -1);
    CHECK(errno == EPIPE);
    CHECK(handled == 1);
  }
  void (*const before)(int) = signal(SIGPIPE, SIG_IGN);
  CHECK(write(ends[1], "x", 1) == -1);
  CHECK(errno == EPIPE);
  signal(SIGPIPE, before);
  close(ends[1]);
}

TEST_CASE("signalfd reads what everybody blocks; unblocked again, a handler gets it") {
  const handler usr1(SIGUSR1, count);
  {
    const blocked own(SIGUSR1);
    const int fd = signalfd(-1, &own.set, 0);
    REQUIRE(fd >= 0);
    std::thread sender([] {
      for (int i = 0; i < 3; i++) kill(getpid(), SIGUSR1);
    });
    signalfd_siginfo info{};
    CHECK(read(fd, &info, sizeof info) == sizeof info);
    CHECK(info.ssi_signo == SIGUSR1);
    CHECK(info.ssi_pid == static_cast<unsigned>(getpid()));
    sender.join();
    pollfd one{fd, POLLIN, 0};
    while (poll(&one, 1, 0) == 1) CHECK(read(fd, &info, sizeof info) == sizeof info);
    CHECK(kill(getpid(), SIGUSR1) == 0);
    CHECK(poll(&one, 1, -1) == 1);
    CHECK(handled == 0);
    close(fd);
  }
  CHECK(handled == 1);
}

TEST_CASE("SIGSEGV: the handler sees where, and leaves by siglongjmp") {
  static sigjmp_buf there;
  static void* volatile where;
  const handler segv(
      SIGSEGV,
      [](int, siginfo_t* info, void*) {
        where = info->si_addr;
        siglongjmp(there, 1);
      },
      0);
  const auto fault = [](std::uintptr_t at) {
    if (sigsetjmp(there, 1) == 0) {
      *reinterpret_cast<volatile int*>(at) = 1;
      FAIL("it went on");
    }
    CHECK(where == reinterpret_cast<void*>(at));
    sigset_t now;
    REQUIRE(pthread_sigmask(SIG_BLOCK, nullptr, &now) == 0);
    CHECK(sigismember(&now, SIGSEGV) == 0);
  };
  for (int i = 0; i < 100; i++) fault(16 + i);
}

TEST_CASE("SIGSEGV: the handler repairs, and the instruction runs again") {
  static char* volatile page = nullptr;
  page = static_cast<char*>(mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  static char stack[65536];
  const stack_t mine{stack, 0, sizeof stack};
  stack_t was{};
  REQUIRE(sigaltstack(&mine, &was) == 0);
  static std::atomic<bool> on_mine{false};
  const handler segv(
      SIGSEGV,
      [](int, siginfo_t* info, void*) {
        const char* here = static_cast<char*>(__builtin_frame_address(0));
        on_mine = here >= stack && here < stack + sizeof stack;
        CHECK(static_cast<char*>(info->si_addr) == page + 7);
        CHECK(mprotect(page, 4096, PROT_READ | PROT_WRITE) == 0);
        handled++;
      },
      SA_ONSTACK);
  page[7] = 42;
  CHECK(page[7] == 42);
  CHECK(handled == 1);
  CHECK(on_mine);
  REQUIRE(sigaltstack(&was, nullptr) == 0);
  munmap(page, 4096);
}

TEST_CASE("SIGFPE, SIGILL, SIGTRAP: the handler goes on behind the instruction") {
  const auto skip2 = [](int, siginfo_t*, void* context) {
    static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP] += 2;
    static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RBX] = 77;
    handled++;
  };
  const handler ill(SIGILL, skip2), fpe(SIGFPE, skip2);
  long rbx = 0;
  asm volatile("ud2" : "=b"(rbx)::"memory");
  CHECK(rbx == 77);
  rbx = 0;
  int low = 1, high = 0;
  asm volatile("divl %%ebx" : "+b"(rbx), "+a"(low), "+d"(high)::"memory", "cc");
  CHECK(rbx == 77);
  CHECK(handled == 2);
  const handler trap(SIGTRAP, count);
  asm volatile("int3");
  CHECK(handled == 1);
}

TEST_CASE("a sent SIGSEGV is as any other signal") {
  const handler segv(SIGSEGV, count);
  CHECK(raise(SIGSEGV) == 0);
  CHECK(handled == 1);
  REQUIRE(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGSEGV) == 0);
  CHECK(handled == 2);
  const blocked own(SIGSEGV);
  CHECK(raise(SIGSEGV) == 0);
  CHECK(handled == 2);
  const sigset_t set = only(SIGSEGV);
  REQUIRE(pthread_sigmask(SIG_UNBLOCK, &set, nullptr) == 0);
  CHECK(handled == 3);
}

TEST_CASE("a handler that interrupts finds and leaves floating point as it was") {
  const handler alrm(
      SIGALRM,
      [](int) {
        fesetround(FE_TOWARDZERO);
        volatile double x = 1;
        for (int i = 1; i < 100; i++) x = x / 3;
        handled++;
      },
      SA_RESTART);
  const itimerval often{{0, 500}, {0, 500}}, none{};
  REQUIRE(setitimer(ITIMER_REAL, &often, nullptr) == 0);
  bool same = true;
  const auto sum = [] {
    double s = 0;
    for (int i = 1; i < 100'000; i++) s += 1.0 / i;
    return s;
  };
  const double first = sum();
  while (handled < 20) same = same && sum() == first;
  REQUIRE(setitimer(ITIMER_REAL, &none, nullptr) == 0);
  CHECK(same);
  CHECK(fegetround() == FE_TONEAREST);
}

TEST_CASE("a stack overflow has a handler, too, which leaves by siglongjmp") {
  static thread_local sigjmp_buf there;
  static char stack[65536];
  const handler segv(
      SIGSEGV, [](int, siginfo_t*, void*) { siglongjmp(there, 1); }, SA_ONSTACK);
  std::thread([] {
    const stack_t mine{stack, 0, sizeof stack};
    REQUIRE(sigaltstack(&mine, nullptr) == 0);
    for (int i = 0; i < 10; i++) {
      if (sigsetjmp(there, 1) == 0) {
        overflow(0);
        FAIL("it came back");
      }
      const timespec moment{0, 100'000};
      CHECK(nanosleep(&moment, nullptr) == 0);
    }
  }).join();
}
