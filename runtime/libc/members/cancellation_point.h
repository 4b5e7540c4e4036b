// A function of musl's that POSIX calls a cancellation point, or glibc does: the thread looks for a request
// before it, and after one that was interrupted. The request ends the call, if that waits
// (runtime/libc/pthread/cancel.h).
//
//   POINT(ssize_t, read, (int fd, void* to, size_t bytes), (fd, to, bytes))
//
// defines read in terms of rt0_musl_read, which third_party/musl/renamed.txt makes of musl's read.
#pragma once
#include <errno.h>

#include "runtime/base/export.h"
#include "runtime/libc/pthread/cancel.h"

#define POINT(type, name, parameters, arguments)                                             \
  extern "C" type rt0_musl_##name parameters;                                                \
  RT0_EXPORT type name parameters {                                                          \
    return rt0::libc::cancellable([&] { return (type)rt0_musl_##name arguments; },           \
                                  [](type result) { return result < 0 && errno == EINTR; }); \
  }
