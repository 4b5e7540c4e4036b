// What the headers call in the runtime to end a wait by a std::stop_token. Not for programs, and not kept
// stable for them.
#pragma once
#include <cstdint>

extern "C" {

// `arm` is called when the goroutine can be found by its wait, before it parks; `disarm` when it was resumed.
struct rt0_wait_hooks {
  void (*arm)(void* self, void* goroutine, std::uint64_t wait) noexcept;
  void (*disarm)(void* self) noexcept;
  void* self;
};
// Ends the wait of arm's arguments, unless it has ended. On any goroutine.
void rt0_wait_cancel(void* goroutine, std::uint64_t wait) noexcept;
}
