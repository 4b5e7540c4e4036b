// What <rt/go.h> calls in the runtime: names without types. Not for programs, and not kept stable for them.
#pragma once
#include <cstddef>

extern "C" {

// What to make. run(callable) is the goroutine's whole life; it destroys the callable.
struct rt0_go_request {
  void (*run)(void* callable);
  std::size_t bytes, align;  // of the callable
  std::size_t stack_bytes;   // 0: the default
  const char* name;          // or nullptr; copied
};

// Where the caller constructs the callable: at the top of the new goroutine's own stack.
struct rt0_go_place {
  void* callable;
  void* goroutine;  // for rt0_go_start or rt0_go_discard, one of which must follow
};

// Makes a goroutine that does not run yet. Returns 0, or an errno: ENOMEM, EAGAIN; E2BIG, if the callable
// exceeds a quarter of the stack.
int rt0_go_reserve(const rt0_go_request* request, rt0_go_place* place) noexcept;
// The callable stands: the goroutine runs, next on this P.
void rt0_go_start(void* goroutine) noexcept;
// The callable could not be constructed: the goroutine was never there.
void rt0_go_discard(void* goroutine) noexcept;
// Throws what rt0_go_reserve's error says: std::length_error for E2BIG, else std::system_error.
[[noreturn]] void rt0_go_throw(int error);

void rt0_yield() noexcept;
unsigned long rt0_goid() noexcept;
std::size_t rt0_num_goroutine() noexcept;
int rt0_gomaxprocs(int n) noexcept;
int rt0_num_cpu() noexcept;
}
