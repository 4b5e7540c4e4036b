// Goroutines that compute and never park are made to give way all the time and go on on other Ms: every kind
// of register and everything that belongs to a thread is exact in the end. RT0_MAXPROCS is 1, 2, 8 and 64.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <errno.h>
#include <immintrin.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <thread>
#include <vector>

#include "rt0/arch.h"
#include "runtime/sched/preempt.h"
#include "runtime/sched/sched.h"
#include "runtime/sched/signal.h"
#include "sys/process.h"
#include "sys/signal.h"

namespace {

using clock_type = std::chrono::steady_clock;

std::uint64_t bits_of(double x) {
  std::uint64_t word;
  std::memcpy(&word, &x, sizeof word);
  return word;
}

// --- the kinds of work: each a function of its seed alone, a fraction of a millisecond long

std::uint64_t integers(std::uint64_t seed) {
  std::uint64_t a = seed, b = ~seed, c = seed * 3, d = seed + 7, e = 1, f = seed << 7, g = 11;
  for (int i = 0; i < 50'000; i++) {
    a += b ^ c, b = b << 7 | b >> 57, c *= a | 1, d ^= c + e, e += d >> 3, f = f * 5 + e, g ^= f + a;
  }
  return a ^ b ^ c ^ d ^ e ^ f ^ g;
}

std::uint64_t doubles(std::uint64_t seed) {
  double x = 0.1 + static_cast<double>(seed % 100) / 1000, y = 0.3, sum = 0;
  for (int i = 0; i < 20'000; i++) {
    x = 3.99 * x * (1 - x);
    y = std::sqrt(y + x);
    sum += x * y;
  }
  return bits_of(sum);
}

std::uint64_t long_doubles(std::uint64_t seed) {
  long double x = 1 + static_cast<long double>(seed % 1000), sum = 0;
  for (int i = 1; i < 10'000; i++) {
    x = x * 1.0000001L + 1 / static_cast<long double>(i);
    sum += std::sqrt(x) / i;
  }
  std::uint64_t mantissa;
  std::memcpy(&mantissa, &sum, sizeof mantissa);
  return mantissa;
}

[[gnu::target("avx2")]] std::uint64_t avx(std::uint64_t seed) {
  __m256i v[8], mix = _mm256_set1_epi64x(static_cast<long long>(seed));
  for (int i = 0; i < 8; i++) v[i] = _mm256_set_epi64x(i, static_cast<long long>(seed), i * 3, 77 + i);
  for (int i = 0; i < 8'000; i++) {
    for (auto& w : v) {
      mix = _mm256_xor_si256(_mm256_add_epi64(mix, w), _mm256_srli_epi64(mix, 9));
      w = _mm256_add_epi64(_mm256_slli_epi64(w, 5), mix);
    }
  }
  std::uint64_t out[4], all = 0;
  for (const auto& w : v) mix = _mm256_xor_si256(mix, w);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), mix);
  for (std::uint64_t w : out) all = all * 31 + w;
  return all;
}

[[gnu::target("avx512f")]] std::uint64_t avx512(std::uint64_t seed) {
  __m512i v[16], mix = _mm512_set1_epi64(static_cast<long long>(seed));
  for (int i = 0; i < 16; i++) v[i] = _mm512_set1_epi64(static_cast<long long>(seed) * (i + 3));
  for (int i = 0; i < 4'000; i++) {
    for (auto& w : v) {
      const __mmask8 odd = _mm512_test_epi64_mask(w, _mm512_set1_epi64(1));
      mix = _mm512_mask_add_epi64(_mm512_rol_epi64(mix, 7), odd, mix, w);
      w = _mm512_xor_si512(_mm512_slli_epi64(w, 5), mix);
    }
  }
  for (const auto& w : v) mix = _mm512_xor_si512(mix, w);
  return static_cast<std::uint64_t>(_mm512_reduce_add_epi64(mix));
}

// errno and a thread_local, which nobody else may touch.
thread_local std::uint64_t counter = 0;
std::uint64_t thread_words(std::uint64_t seed) {
  counter = seed;
  std::uint64_t sum = 0;
  for (int i = 0; i < 20'000; i++) {
    errno = static_cast<int>(counter & 0xffff);
    counter = counter * 6364136223846793005 + 1;
    asm volatile("" ::: "memory");
    sum = sum * 3 + static_cast<unsigned>(errno) + (counter >> 40);
  }
  return sum;
}

[[gnu::noinline]] void descend(int depth, std::uint64_t value) {
  if (depth == 0) throw value;
  descend(depth - 1, value * 3);
  asm volatile("" ::: "memory");
}
std::uint64_t exceptions(std::uint64_t seed) {
  std::uint64_t sum = 0;
  for (int i = 0; i < 40; i++) {
    try {
      try {
        descend(5, seed + static_cast<unsigned>(i));
      } catch (std::uint64_t value) {
        sum = sum * 7 + value + static_cast<unsigned>(std::uncaught_exceptions());
        throw;
      }
    } catch (const std::uint64_t& value) {
      sum ^= value;
    }
  }
  return sum;
}

struct kind {
  const char* name;
  std::uint64_t (*work)(std::uint64_t seed);
};
std::vector<kind> kinds() {
  std::vector<kind> all{{"integers", integers},
                        {"doubles", doubles},
                        {"long double", long_doubles},
                        {"errno, thread_local", thread_words},
                        {"exceptions", exceptions}};
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2")) all.push_back({"AVX2", avx});
  if (__builtin_cpu_supports("avx512f")) all.push_back({"AVX-512", avx512});
  return all;
}

// All running goroutines are asked to give way every period_ns: the process's timer interrupts some M, whose
// handler asks the others and then itself.
class pressing {
 public:
  explicit pressing(long period_ns) {
    const auto press = [](int, void* info, void* ucontext) {
      rt0::preemptall();
      rt0::p* pp = rt0::getm()->p;
      if (pp != nullptr) pp->preempt.store(true, std::memory_order_relaxed);
      rt0::rt0_sigtramp(SIGURG, info, ucontext);
    };
    REQUIRE(rt0::sys::set_handler(SIGUSR1, press, rt0::rt0_sigreturn).ok());
    sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGUSR1;
    const itimerspec every{{0, period_ns}, {0, period_ns}};
    REQUIRE(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id_) == 0);
    REQUIRE(syscall(SYS_timer_settime, id_, 0, &every, nullptr) == 0);
  }
  ~pressing() { syscall(SYS_timer_delete, id_); }

 private:
  int id_ = 0;
};

struct outcome {
  std::uint64_t turns = 0, wrong = 0, migrations = 0;
};

outcome repeat(const kind& k, std::uint64_t seed, std::uint64_t expected, clock_type::time_point until) {
  outcome o;
  int on = rt0::sys::gettid();
  do {
    o.wrong += k.work(seed) != expected;
    o.turns++;
    const int now = rt0::sys::gettid();
    o.migrations += now != on;
    on = now;
  } while (clock_type::now() < until);
  return o;
}

}  // namespace

TEST_CASE("everything is exact, however often and wherever it is interrupted") {
  rt0::preempt_init();
  const std::vector<kind> all = kinds();
  constexpr std::size_t of_each = 3;
  std::vector<std::uint64_t> expected;
  for (std::size_t i = 0; i < all.size() * of_each; i++) expected.push_back(all[i / of_each].work(1000 + i));

  const std::uint64_t injected_before = rt0::preempted.injected;
  std::vector<outcome> found(expected.size());
  {
    const pressing timer(rt0::sched.gomaxprocs > 8 ? 2'000'000 : 200'000);
    const auto until = clock_type::now() + std::chrono::seconds(3);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < found.size(); i++) {
      threads.emplace_back([&, i] { found[i] = repeat(all[i / of_each], 1000 + i, expected[i], until); });
    }
    for (auto& t : threads) t.join();
  }
  outcome sum;
  for (std::size_t i = 0; i < found.size(); i++) {
    INFO(all[i / of_each].name);
    CHECK(found[i].wrong == 0);
    CHECK(found[i].turns > 0);
    sum.turns += found[i].turns;
    sum.migrations += found[i].migrations;
  }
  MESSAGE(rt0::sched.gomaxprocs << " Ps, " << found.size() << " goroutines: " << sum.turns
                                << " turns, gave way " << rt0::preempted.injected - injected_before
                                << " times, migrations seen " << sum.migrations);
  CHECK(rt0::preempted.injected - injected_before > 100);
  if (rt0::sched.gomaxprocs > 1 && rt0::sched.gomaxprocs < 10) CHECK(sum.migrations > 10);
}
