// Uncaught exceptions. std::terminate runs on the goroutine's stack, at the throw: nothing was unwound, so
// its traceback shows who threw (rt::go's thunks neither catch nor are noexcept, for its sake).
//
// The core has no exceptions, and most programs without any do not link libstdc++'s: every name is weak.
#include <exception>
#include <typeinfo>

#include <signal.h>
#include <stdlib.h>

#include "runtime/base/tables.h"
#include "runtime/sched/sched.h"
#include "runtime/unwind/exception.h"
#include "runtime/unwind/fatal.h"
#include "runtime/unwind/symbols.h"
#include "sys/process.h"
#include "sys/signal.h"

namespace __cxxabiv1 {
[[gnu::weak]] extern std::terminate_handler __terminate_handler;
}  // namespace __cxxabiv1

namespace rt0 {
namespace {

constexpr std::size_t max_name_bytes = 500;

constinit std::atomic<bool> reported{false};

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
  const auto [type, what] = current_exception();  // the program's code: before the report
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
