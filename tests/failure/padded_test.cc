// Walks over functions without tables, with a word on their stack that nobody wrote since another call. Two
// stories, both of SIGQUITs whose report said "(the stack or its tables cannot be read further)": in musl's
// pipe the word was the frame pointer of a call that was over, and was taken for a pushed one; in
// epoll_pwait, to which epoll_wait had jumped, so that no return address was behind a call of it, the word
// was a return address that was over, and was taken for the function's.
#include <rt/debug.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

extern "C" void padded(std::uintptr_t word, void (*look)());
extern "C" void jumps_to_padded(std::uintptr_t word, void (*look)());

namespace {

std::mutex one_at_a_time;
std::string seen;
std::uintptr_t stale = 0;

void look() { seen = rt::debug::stack(false); }

[[gnu::noinline]] int inner(void (*function)(std::uintptr_t, void (*)())) {
  function == padded ? padded(stale, look) : jumps_to_padded(stale, look);
  asm volatile("" ::: "memory");  // no tail call
  return 1;
}

[[gnu::noinline]] int outer(void (*function)(std::uintptr_t, void (*)())) {
  const auto frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  stale = function == padded ? frame : reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
  const int found = inner(function);
  asm volatile("" ::: "memory");
  return found;
}

void walk_through(void (*function)(std::uintptr_t, void (*)())) {
  REQUIRE(outer(function) == 1);
  const std::size_t at_inner = seen.find("inner("), at_outer = seen.find("outer(");
  INFO(seen);
  CHECK(at_inner != std::string::npos);
  REQUIRE(at_outer != std::string::npos);
  CHECK(at_inner < at_outer);
  CHECK(seen.find("cannot be read") == std::string::npos);
}

// No call leads straight to the function, so its return address is looked for as far as a frame may reach:
// beyond the end of a small stack, where the next one's guard is.
TEST_CASE("where the stack ends before a frame could") {
  std::vector<std::thread> threads;
  for (int i = 0; i < 40; i++) {
    threads.emplace_back([] {
      const std::lock_guard hold(one_at_a_time);
      walk_through(jumps_to_padded);
    });
  }
  for (std::thread& t : threads) t.join();
}

TEST_CASE("a word that aligns the stack is no frame pointer") { walk_through(padded); }
TEST_CASE("a word that aligns the stack is no return address") { walk_through(jumps_to_padded); }

}  // namespace
