#include "runtime/base/fatal.h"

#include "rt0/upcalls.h"
#include "runtime/base/report.h"
#include "sys/process.h"

namespace rt0 {

void throw_(const char* why) noexcept {
  if (rt0_die != nullptr) rt0_die(why);
  { report() << "fatal error: " << why << "\n"; }
  sys::exit_group(exit_fatal);
}

void fatal(const char* why) noexcept { throw_(why); }

}  // namespace rt0
