// <rt/stack.h>: tracebacks as text; a part of <rt/debug.h>.
#pragma once
#include <string>

#include "rt/abi/stack.h"

namespace rt::debug {

// The text of a dump: this goroutine's stack, or everybody's. Every goroutine stands still while it is made.
inline std::string stack(bool all = false) {
  struct dump {
    std::size_t bytes = 0, mapped_bytes = 0;
    char* text;
    explicit dump(bool all) : text(rt0_stack(all, &bytes, &mapped_bytes)) {}
    dump(const dump&) = delete;
    ~dump() { rt0_stack_free(text, mapped_bytes); }
  } const made(all);
  return std::string(made.text != nullptr ? made.text : "", made.bytes);
}

}  // namespace rt::debug
