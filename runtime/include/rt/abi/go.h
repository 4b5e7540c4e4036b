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
  bool joinable;             // its stack, callable included, stays until rt0_go_detach
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
// Throws what an error says: std::length_error for E2BIG, else std::system_error.
[[noreturn]] void rt0_go_throw(int error);

// Of a joinable goroutine. Waits until it has ended; EDEADLK: it is the running one. A cancellation point.
int rt0_go_wait(void* goroutine);
// Nobody will wait for it, or look at what lies on its stack.
void rt0_go_detach(void* goroutine) noexcept;
// Unwinds the running goroutine and ends it.
[[noreturn]] void rt0_go_exit();

void rt0_lock_os_thread() noexcept;
void rt0_unlock_os_thread() noexcept;
// The running goroutine gives its P away, for code that blocks the kernel thread. False: it has none to give.
bool rt0_blocking_begin() noexcept;
// Takes one again; only after begin's true.
void rt0_blocking_end() noexcept;

void rt0_yield() noexcept;
unsigned long rt0_goid() noexcept;
std::size_t rt0_num_goroutine() noexcept;
int rt0_gomaxprocs(int n) noexcept;
int rt0_num_cpu() noexcept;
}
