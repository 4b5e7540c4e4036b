// The exception that the running goroutine handles, for those who tell of it.
#pragma once

namespace std {
class type_info;
}

namespace rt0 {

struct exception_view {
  const std::type_info* type;  // nullptr: none, or not C++'s
  const char* what;            // nullptr: it has no message
};
// Calls its what(): the program's code, which may do anything.
exception_view current_exception();

}  // namespace rt0
