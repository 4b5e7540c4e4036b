// probe MODE [N]: programs to be looked at from outside. Each says on stdout who does what, one line a
// goroutine, "GOID STATUS REASON FUNCTION", then "ready", and stays as it is until stdin ends. Afterwards it
// says how it went, and its status is 0 if nobody was disturbed.
#include <fcntl.h>
#include <rt/chan.h>
#include <rt/debug.h>
#include <rt/go.h>
#include <rt/sync.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

std::int64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * std::int64_t{1'000'000'000} + t.tv_nsec;
}

void say(const char* status, const char* reason, const char* function) {
  std::printf("%llu %s %s %s\n", static_cast<unsigned long long>(rt::goid()), status, reason, function);
}

// The system call itself: what it is called through in a program on rt0 parks.
long kernel_call(long number, long a, long b, long c, long d) {
  register long fourth asm("r10") = d;
  asm volatile("syscall" : "+a"(number) : "D"(a), "S"(b), "d"(c), "r"(fourth) : "rcx", "r11", "memory");
  return number;
}

int sleep_in_kernel(std::int64_t ns) {
  const timespec time{ns / 1'000'000'000, ns % 1'000'000'000};
  return static_cast<int>(kernel_call(SYS_nanosleep, reinterpret_cast<long>(&time), 0, 0, 0));
}

std::atomic<bool> over{false};
std::atomic<int> begun{0};
rt::chan<int> never(0);
std::mutex locked;

// For gdb's printers.
rt::chan<int> filled(3);
rt::chan<int> nil_channel;
rt::mutex taken, untaken;
rt::wait_group outstanding;

[[gnu::noinline]] void waits_for_channel() {
  say("waiting", "chan_receive", "waits_for_channel");
  begun++;
  (void)never.recv();
}

[[gnu::noinline]] void waits_for_mutex() {
  say("waiting", "mutex_lock", "waits_for_mutex");
  begun++;
  const std::lock_guard hold(locked);
}

// For how long the calling kernel thread has waited for a CPU.
std::int64_t waited_for_cpu_ns(int schedstat) {
  char text[96] = {};
  long long ran = 0, waited = 0;
  const long got = kernel_call(SYS_pread64, schedstat, reinterpret_cast<long>(text), sizeof(text) - 1, 0);
  if (got <= 0 || std::sscanf(text, "%lld %lld", &ran, &waited) != 2) {
    std::abort();
  }
  return waited;
}

// Spins, and finds the longest time for which it could not have run: what it waited for a CPU is not the
// debugger's, so it holds on a busy machine, too.
std::atomic<std::int64_t> longest_stop_ns{0};
[[gnu::noinline]] void spins() {
  const rt::os_thread_lock one_thread;
  const int schedstat = open("/proc/thread-self/schedstat", O_RDONLY);
  say("running", "-", "spins");
  begun++;
  std::int64_t before = now_ns(), waited = waited_for_cpu_ns(schedstat);
  while (!over) {
    constexpr std::int64_t worth_a_look_ns = 200'000;
    const std::int64_t now = now_ns();
    if (now - before < worth_a_look_ns) {
      before = now;
      continue;
    }
    const std::int64_t waited_now = waited_for_cpu_ns(schedstat);
    const std::int64_t stop_ns = now - before - (waited_now - waited);
    if (stop_ns > longest_stop_ns) longest_stop_ns = stop_ns;
    waited = waited_now;
    before = now_ns();
  }
  close(schedstat);
}

// Sleeps that were not as long as they should be: in the runtime, and in a system call, which a debugger
// interrupts and which then goes on for what was left of it.
std::atomic<int> wrong_sleeps{0};
std::int64_t timed_ns(int result, std::int64_t since_ns) {
  if (result != 0) wrong_sleeps++;
  return now_ns() - since_ns;
}

[[gnu::noinline]] void sleeps() {
  say("waiting", "sleep", "sleeps");
  begun++;
  while (!over) {
    constexpr std::int64_t sleep_ns = 200'000'000;
    timespec left{0, sleep_ns};
    const std::int64_t before = now_ns();
    if (timed_ns(nanosleep(&left, nullptr), before) < sleep_ns) wrong_sleeps++;
  }
}

[[gnu::noinline]] void in_a_call() {
  say("syscall", "-", "in_a_call");
  begun++;
  while (!over) {
    // The runtime would park for nanosleep: the kernel thread shall sleep.
    rt::blocking([] {
      constexpr std::int64_t sleep_ns = 2'000'000'000, begun_anew_ns = 3'500'000'000;
      const std::int64_t before = now_ns();
      const std::int64_t took = timed_ns(sleep_in_kernel(sleep_ns), before);
      if (took < sleep_ns || took > begun_anew_ns) wrong_sleeps++;
    });
  }
}

void ready(int goroutines) {
  while (begun < goroutines) std::this_thread::yield();
  std::puts("ready");
  std::fflush(stdout);
}

// What was longest since the last question is the answer to each line of stdin.
void answer_until_eof() {
  char line[64];
  while (std::fgets(line, sizeof(line), stdin) != nullptr) {
    std::printf("stopped %lld us\n", static_cast<long long>(longest_stop_ns.exchange(0) / 1000));
    std::fflush(stdout);
  }
}

[[gnu::noinline]] int crowd(int goroutines) {
  say("waiting", "IO_wait", "crowd");
  std::vector<std::thread> threads;
  for (int i = 0; i < goroutines; i++) rt::go(waits_for_channel);
  filled.send(1);
  filled.send(2);
  filled.close();
  taken.lock();
  outstanding.add(2);
  locked.lock();
  threads.emplace_back(waits_for_mutex);
  threads.emplace_back(sleeps);
  threads.emplace_back(spins);
  threads.emplace_back(in_a_call);
  ready(goroutines + 4);
  answer_until_eof();
  over = true;
  locked.unlock();
  never.close();
  for (std::thread& t : threads) t.join();
  std::printf("wrong sleeps: %d\n", wrong_sleeps.load());
  return wrong_sleeps == 0 ? 0 : 1;
}

// Two who wait for each other, while main reads: a deadlock of which the runtime says nothing yet.
std::mutex first, second;
[[gnu::noinline]] void takes_second() {
  say("waiting", "mutex_lock", "takes_second");
  first.lock();
  begun++;
  while (begun < 2) std::this_thread::yield();
  second.lock();
}
[[gnu::noinline]] void takes_first() {
  say("waiting", "mutex_lock", "takes_first");
  second.lock();
  begun++;
  while (begun < 2) std::this_thread::yield();
  first.lock();
}
[[gnu::noinline]] int deadlock() {
  say("waiting", "IO_wait", "deadlock");
  std::thread a(takes_second), b(takes_first);
  ready(2);
  answer_until_eof();
  std::_Exit(0);
}

// Of a fork's child, whose parent's goroutines did not come along.
[[gnu::noinline]] int forked(int goroutines) {
  for (int i = 0; i < goroutines; i++) rt::go(waits_for_channel);
  while (begun < goroutines) std::this_thread::yield();
  const pid_t child = fork();
  if (child > 0) {
    int status = 0;
    waitpid(child, &status, 0);
    std::_Exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
  }
  std::puts("child");
  say("waiting", "IO_wait", "forked");
  begun = 0;
  rt::go(waits_for_channel);
  ready(1);
  answer_until_eof();
  std::_Exit(0);
}

// Its core shall show the others as they said: they said it before they did it.
[[gnu::noinline]] void dies(int waiters) {
  const auto waiting = [] {
    const std::string all = rt::debug::stack(true);
    int found = 0;
    for (std::size_t at = 0; (at = all.find("[chan receive", at)) != std::string::npos; at++) found++;
    return found;
  };
  while (waiting() < waiters) std::this_thread::yield();
  std::abort();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && !std::strcmp(argv[1], "deadlock")) return deadlock();
  const int n = argc > 2 ? std::atoi(argv[2]) : 3;
  if (argc > 1 && !std::strcmp(argv[1], "crowd")) return crowd(n);
  if (argc > 1 && !std::strcmp(argv[1], "fork")) return forked(n);
  if (argc > 1 && !std::strcmp(argv[1], "core")) {
    for (int i = 0; i < n; i++) rt::go(waits_for_channel);
    while (begun < n) std::this_thread::yield();
    say("running", "-", "dies");
    std::fflush(stdout);
    dies(n);
  }
  std::fputs("usage: probe crowd|fork|core [N] | deadlock\n", stderr);
  return 2;
}
