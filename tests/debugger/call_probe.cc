// call_probe MODE: a program whose functions a debugger calls. It says "NAME ADDRESS" of each, then "ready";
// it works, or waits, until stdin ends, says what was disturbed, and its status is 0 if nothing was.
#include <pthread.h>
#include <rt/chan.h>
#include <rt/go.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/runtime/victim.h"
#include "tests/runtime/victim_state.h"

// --- what is called

struct large {
  long v[128];
};
struct mixed {
  double d;
  long i;
};

namespace {

std::mutex taken;
rt::chan<int> words(0);
std::atomic<bool> over{false};
std::atomic<int> calls{0};
thread_local long per_thread = 0;

[[gnu::noinline]] long use_stack(long depth) {
  volatile char room[1000];
  room[0] = static_cast<char>(depth);
  return depth == 0 ? room[0] : use_stack(depth - 1) + room[0] - static_cast<char>(depth) + 1;
}

struct thrown_by_us {
  int code;
};

}  // namespace

extern "C" {
double call_add(long a, double b) { return static_cast<double>(a) + b; }
float call_single(float a, float b) { return a * b; }
long double call_long_double(long a) { return static_cast<long double>(a) / 4; }
large call_large(large in) {
  for (long& one : in.v) one++;
  return in;
}
double call_many(long a, long b, long c, long d, long e, long f, long g, long h, double i, double j, double k,
                 double l, double m, double n, double o, double p, double q, double r) {
  return static_cast<double>(a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h) + 9 * i + 10 * j +
         11 * k + 12 * l + 13 * m + 14 * n + 15 * o + 16 * p + 17 * q + 18 * r;
}
mixed call_mixed(mixed in) { return {static_cast<double>(in.i), static_cast<long>(in.d)}; }
unsigned long call_length(const char* text) { return std::strlen(text); }
int call_format(char* into, const char* format, ...) {
  va_list rest;
  va_start(rest, format);
  const int n = std::vsnprintf(into, 100, format, rest);
  va_end(rest);
  return n;
}
long call_thread_local() { return ++per_thread; }
long call_use_stack(long kib) { return use_stack(kib); }
void call_throw(const char* what) { throw std::runtime_error(what); }
void call_throw_other(int code) { throw thrown_by_us{code}; }
void call_exit() { pthread_exit(nullptr); }
void call_goexit() { rt::goexit(); }

// All that a call may do: sleeps, locks, starts a thread and waits for it.
long call_block(long ms) {
  std::atomic<long> n{0};
  std::thread other([&] {
    const std::lock_guard hold(taken);
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
    n++;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  other.join();
  const std::lock_guard hold(taken);
  return n.load();
}
long call_receive() {
  const auto got = words.recv();
  return got ? *got : -1;
}
void call_send(long n) { words.send(static_cast<int>(n)); }
long call_slow(long ms) {
  if (write(STDOUT_FILENO, "called\n", 7) != 7) std::abort();
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  return ++calls;
}
void call_stop() { over.store(true); }

// Leaves nothing in any register as it was.
long call_clobber(long n) {
  long sum = ++calls;
  if (victim_mask & 4) {
    asm volatile("vpcmpeqd %%ymm0, %%ymm0, %%ymm0\n vmovdqa %%ymm0, %%ymm7\n vmovdqa %%ymm0, %%ymm15" ::
                     : "xmm0", "xmm7", "xmm15");
  }
  if (victim_mask & 0x20) asm volatile("kxnorw %%k1, %%k1, %%k1\n vmovdqa64 %%zmm0, %%zmm31" ::: "memory");
  asm volatile("fldpi\n fstp %%st(0)\n pcmpeqd %%xmm3, %%xmm3" ::: "xmm3", "st");
  for (long i = 0; i < n; i++) sum ^= i * sum;
  return sum;
}
}

namespace {

// --- what it does meanwhile

int wrong = 0;

void say_change(const char* what, int i) {
  std::printf("%s %d changed\n", what, i);
  wrong++;
}

// Spins with known values in every register.
void victim() {
  std::mt19937_64 random(1);
  give(random);
  victim_spin();
  wrong += mismatches(say_change);
}

std::uint64_t work(std::uint64_t seed) {
  std::uint64_t a = seed;
  double x = 0.3;
  for (int i = 0; i < 20'000; i++) {
    a = a * 6364136223846793005u + 1442695040888963407u;
    x = 3.99 * x * (1 - x);
  }
  std::uint64_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return a ^ bits;
}

void worker() {
  const std::uint64_t expected = work(7);
  while (!over.load(std::memory_order_relaxed)) {
    if (work(7) != expected) say_change("a sum", 0);
  }
}

void players(std::vector<std::thread>& all) {
  auto* there = new rt::chan<long>(0);
  auto* back = new rt::chan<long>(0);
  all.emplace_back([=] {
    for (;;) {
      const auto n = there->recv();
      if (!n) return;
      back->send(*n + 1);
    }
  });
  all.emplace_back([=] {
    for (long n = 0; !over.load(std::memory_order_relaxed); n++) {
      there->send(n);
      if (*back->recv() != n + 1) say_change("a round trip", 0);
    }
    there->close();
  });
}

long kernel_sleep(std::int64_t ns) {
  const timespec time{ns / 1'000'000'000, ns % 1'000'000'000};
  long result = SYS_nanosleep;
  asm volatile("syscall" : "+a"(result) : "D"(&time), "S"(0) : "rcx", "r11", "memory");
  return result;
}

// The program's own system call, which takes its time, whatever is done to it.
void sleeper() {
  using clock = std::chrono::steady_clock;
  constexpr std::int64_t ns = 300'000'000;
  std::puts("sleeps");
  const auto begin = clock::now();
  if (kernel_sleep(ns) != 0) say_change("nanosleep's result", 0);
  const auto took = clock::now() - begin;
  if (took < std::chrono::nanoseconds(ns)) say_change("nanosleep's time", 0);
}

std::size_t (*volatile length)(const char*, std::size_t) = strnlen;  // musl's: not in the core

void in_libc() {
  const std::string text(16 << 20, 'x');
  while (!over.load(std::memory_order_relaxed)) {
    if (length(text.c_str(), text.size()) != text.size()) say_change("a length", 0);
  }
}

void spin() {
  while (!over.load(std::memory_order_relaxed)) {
  }
}

void on_altstack() {
  static char room[64 << 10];
  const stack_t stack{room, 0, sizeof room};
  sigaltstack(&stack, nullptr);
  struct sigaction action {};
  action.sa_handler = [](int) { spin(); };
  action.sa_flags = SA_ONSTACK;
  sigaction(SIGUSR1, &action, nullptr);
  raise(SIGUSR1);
}

[[gnu::noinline]] void deep(long bytes) {
  volatile char room[1024];
  room[0] = 1;
  if (bytes > 0) {
    deep(bytes - 1024);
  } else {
    spin();
  }
  room[1] = 1;
}

void say(const char* name, const void* at) {
  std::printf("%s %#lx\n", name, reinterpret_cast<unsigned long>(at));
}
#define SAY(function) say(#function, reinterpret_cast<const void*>(&function))

void say_all() {
  SAY(call_add), SAY(call_single), SAY(call_long_double), SAY(call_large), SAY(call_many), SAY(call_mixed);
  SAY(call_length), SAY(call_format), SAY(call_thread_local), SAY(call_use_stack), SAY(call_throw);
  SAY(call_throw_other), SAY(call_exit), SAY(call_goexit), SAY(call_block), SAY(call_receive), SAY(call_send);
  SAY(call_slow), SAY(call_stop), SAY(call_clobber), SAY(spin), SAY(victim_filled), SAY(victim_loop_end);
  std::puts("ready");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  setvbuf(stdout, nullptr, _IOLBF, 0);
  victim_mask = tested_components();
  if (mode == "alone") {  // one goroutine, which nobody has ever interrupted
    say_all();
    spin();
    return wrong;
  }
  std::vector<std::thread> all;
  say_all();
  if (mode == "busy") {
    all.emplace_back(victim);
    for (int i = 0; i < 3; i++) all.emplace_back(worker);
    players(all);
  } else if (mode == "sleep") {
    all.emplace_back(sleeper);
  } else if (mode == "libc") {
    all.emplace_back(in_libc);
  } else if (mode == "altstack") {
    all.emplace_back(on_altstack);
  } else if (mode == "deep") {
    rt::go([] { deep(52 << 10); });
  } else if (mode == "parked") {
    for (int i = 0; i < 5; i++) all.emplace_back([] { (void)words.recv(); });
  }
  char c;
  while (read(STDIN_FILENO, &c, 1) > 0) std::printf("calls %d\n", calls.load());
  over.store(true);
  victim_stop.store(1);
  if (mode == "parked") words.close();
  for (std::thread& one : all) one.join();
  std::printf("wrong %d\n", wrong);
  return wrong != 0;
}
