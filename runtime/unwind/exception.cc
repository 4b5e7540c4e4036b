// The core has no exceptions, and most programs without any do not link libstdc++'s: every name is weak, and
// what() is found as a catch clause would, by the type's own __do_catch.
#include "runtime/unwind/exception.h"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <typeinfo>

namespace __cxxabiv1 {
extern "C" {
[[gnu::weak]] std::type_info* __cxa_current_exception_type() noexcept;
struct __cxa_exception;
struct __cxa_eh_globals {
  __cxa_exception* caught;  // the innermost
  unsigned uncaught;
};
[[gnu::weak]] __cxa_eh_globals* __cxa_get_globals_fast() noexcept;
}
}  // namespace __cxxabiv1

extern "C" [[gnu::weak]] const char _ZTISt9exception[];

namespace rt0 {
namespace {

// libstdc++'s __cxa_exception, which lies before the object; a rethrown copy (std::rethrow_exception) has its
// own, without the object, whose place it begins with.
constexpr std::size_t exception_bytes = 112, class_place = 80;
constexpr std::uint8_t dependent_class = 1;

void* caught_object() noexcept {
  if (__cxxabiv1::__cxa_get_globals_fast == nullptr) return nullptr;
  char* header = reinterpret_cast<char*>(__cxxabiv1::__cxa_get_globals_fast()->caught);
  if (header == nullptr) return nullptr;
  const bool dependent = header[class_place] == dependent_class;
  return dependent ? *reinterpret_cast<void**>(header) : header + exception_bytes;
}

// The message of the exception, if it is one of std's.
const char* message_of(const std::type_info& type, void* object) noexcept {
  const auto* wanted = reinterpret_cast<const std::type_info*>(_ZTISt9exception);
  if (wanted == nullptr || object == nullptr || !wanted->__do_catch(&type, &object, 1)) return nullptr;
  return static_cast<const std::exception*>(object)->what();
}

}  // namespace

exception_view current_exception() {
  if (__cxxabiv1::__cxa_current_exception_type == nullptr) return {nullptr, nullptr};
  const std::type_info* type = __cxxabiv1::__cxa_current_exception_type();
  return {type, type != nullptr ? message_of(*type, caught_object()) : nullptr};
}

}  // namespace rt0
