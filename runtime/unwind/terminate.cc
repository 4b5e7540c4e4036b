// Uncaught exceptions. std::terminate runs on the goroutine's stack, at the throw: nothing was unwound, so
// its traceback shows who threw (rt::go's thunks neither catch nor are noexcept, for its sake).
//
// The core has no exceptions, and most programs without any do not link libstdc++'s: every name is weak, and
// what() is found as a catch clause would, by the type's own __do_catch.
#include <exception>
#include <typeinfo>

#include <signal.h>
#include <stdlib.h>

#include "runtime/base/tables.h"
#include "runtime/sched/sched.h"
#include "runtime/unwind/fatal.h"
#include "runtime/unwind/symbols.h"
#include "sys/process.h"
#include "sys/signal.h"

namespace __cxxabiv1 {
[[gnu::weak]] extern std::terminate_handler __terminate_handler;
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

constexpr std::size_t max_name_bytes = 500;

constinit std::atomic<bool> reported{false};

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

void say_exception(report& out, const death& d) {
  const auto* type = static_cast<const std::type_info*>(d.info);
  if (type == nullptr) {
    out << "panic: std::terminate\n";
    return;
  }
  char name[max_name_bytes];
  demangle_type(type->name(), name, sizeof name);
  out << "panic: uncaught exception of type " << name;
  if (d.why != nullptr) out << ": " << d.why;
  out << "\n";
}

[[noreturn]] void at_terminate() {
  registers here;
  rt0_registers_here(&here);
  // An exception's message is the program's code: before the report.
  const auto* type = __cxxabiv1::__cxa_current_exception_type != nullptr
                         ? __cxxabiv1::__cxa_current_exception_type()
                         : nullptr;
  const char* what = type != nullptr ? message_of(*type, caught_object()) : nullptr;
  const bool handled = (sched.handled.load(std::memory_order_relaxed) & sys::sig_bit(SIGABRT)) != 0;
  const death d{say_exception, what, 0, type, nullptr, false, false};
  report_death(d, here, handled ? others::go_on : others::stay_frozen);
  reported.store(true, std::memory_order_relaxed);
  if (!handled) {
    sys::default_action(SIGABRT);
    (void)sys::tgkill(sys::getpid(), sys::gettid(), SIGABRT);
  }
  abort();
}

}  // namespace

void terminate_init() noexcept {
  if (&__cxxabiv1::__terminate_handler != nullptr) __cxxabiv1::__terminate_handler = at_terminate;
}

bool terminate_reported() noexcept { return reported.load(std::memory_order_relaxed); }

}  // namespace rt0
