// The state of the CPU and of the stack that the psABI promises to main and to a thread's function.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <fenv.h>
#include <immintrin.h>

#include <cstdint>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

namespace {

constexpr unsigned long long direction_flag = 1 << 10;

struct machine_state {
  bool frame_aligned, direction_clear;
  unsigned mxcsr;
  unsigned x87_control;
  std::uintptr_t canary;
};

// A frame pointer is 16-aligned exactly when the call was made on a 16-aligned stack.
[[gnu::noinline]] machine_state look() {
  fenv_t env;
  fegetenv(&env);
  machine_state s{};
  s.frame_aligned = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) % 16 == 0;
  s.direction_clear = (__builtin_ia32_readeflags_u64() & direction_flag) == 0;
  s.mxcsr = _mm_getcsr() & ~0x3fu;  // the low six are sticky exceptions
  s.x87_control = env.__control_word;
  std::memcpy(&s.canary, static_cast<const char*>(__builtin_thread_pointer()) + 0x28, sizeof s.canary);
  return s;
}

machine_state in_main;

void check(const machine_state& s) {
  CHECK(s.frame_aligned);
  CHECK(s.direction_clear);
  CHECK(s.mxcsr == 0x1f80);
  CHECK(s.x87_control == 0x37f);
}

bool zero_byte_low(std::uintptr_t canary) { return (canary & 0xff) == 0 || (canary & 0xff00) == 0; }

}  // namespace

TEST_CASE("in main") { check(in_main); }

TEST_CASE("in a thread, and again after a switch") {
  std::thread([] {
    check(look());
    std::this_thread::yield();
    check(look());
  }).join();
}

TEST_CASE("the canary: not zero, one zero byte low down against string overflows, the same in every thread") {
  CHECK(in_main.canary != 0);
  CHECK(zero_byte_low(in_main.canary));
  std::set<std::uintptr_t> seen{in_main.canary};
  std::vector<std::thread> ts;
  std::vector<std::uintptr_t> canaries(5);
  for (std::uintptr_t& c : canaries) ts.emplace_back([&c] { c = look().canary; });
  for (std::thread& t : ts) t.join();
  seen.insert(canaries.begin(), canaries.end());
  CHECK(seen.size() == 1);
}

TEST_CASE("rounding and mxcsr belong to the thread and survive switches") {
  std::vector<std::thread> ts;
  std::vector<int> wrong(4);
  const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
  for (int i = 0; i < 4; ++i)
    ts.emplace_back([&wrong, mode = modes[i], i] {
      fesetround(mode);
      for (int k = 0; k < 20; ++k) {
        std::this_thread::yield();
        wrong[i] += fegetround() != mode;
      }
    });
  for (std::thread& t : ts) t.join();
  for (int w : wrong) CHECK(w == 0);
  CHECK(fegetround() == FE_TONEAREST);
}

int main(int argc, char** argv) {
  in_main = look();
  return doctest::Context(argc, argv).run();
}
