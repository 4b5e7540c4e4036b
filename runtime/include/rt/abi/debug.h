// What <rt/debug.h> calls in the runtime. Not for programs, and not kept stable for them.
#pragma once
#include <cstddef>

extern "C" {

// One label of the running goroutine, innermost first, and those around it. `outer` is the next one.
struct rt0_label {
  const rt0_label* outer;
  std::size_t key_bytes, value_bytes;
  const char* text;  // key, 0, value, 0
};

// A label for the running goroutine and those that it starts from now on; nullptr: out of memory.
const rt0_label* rt0_label_push(const char* key, std::size_t key_bytes, const char* value,
                                std::size_t value_bytes) noexcept;
// The running goroutine's innermost one must be this; anything else is misuse, and fatal.
void rt0_label_pop(const rt0_label* label) noexcept;
const rt0_label* rt0_labels() noexcept;
}
