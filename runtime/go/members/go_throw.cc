// The errors of rt::go, for a header that need not know <system_error>.
#include <errno.h>

#include <stdexcept>
#include <system_error>

#include "runtime/base/export.h"

RT0_EXPORT [[noreturn]] void rt0_go_throw(int error) {
  if (error == EINVAL || error == EDEADLK)  // as std::thread's join
    throw std::system_error(error, std::generic_category(), "rt::task");
  if (error == E2BIG) throw std::length_error("rt::go: the callable exceeds a quarter of the stack");
  throw std::system_error(error, std::generic_category(), "rt::go");
}
