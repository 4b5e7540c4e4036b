// The blocking table: the C library's functions that are one system call which may wait for a disk, a lock,
// another process or a server of files. musl makes them by a bare instruction, which would keep the P; here
// each is a line that says its type, its name, its parameters and the call, and passes the core's door
// (__syscall_cp). What the P does meanwhile is said there, by the call's number (runtime/libc/blocking.cc),
// so that syscall() has it too.
//
// The lines stand in calls_path.cc, calls_data.cc and calls_process.cc. third_party/musl/raw_calls.txt lists
// every bare call that is left in musl, and why it may stay.
//
// For those three files only, which include no header that declares the functions: glibc's say noexcept or
// not, and which does not matter to a C function. The names are weak, since a file of the table comes whole
// and a program may have a function `tee` or `mount` of its own.
#pragma once

#include <sys/syscall.h>
#include <sys/types.h>

#include "runtime/base/export.h"
#include "runtime/libc/members/blocking_call.h"

#define RT0_CALL(result, name, parameters, ...)                              \
  RT0_EXPORT_WEAK result name parameters {                                   \
    return static_cast<result>(rt0::libc::blocking_call_errno(__VA_ARGS__)); \
  }                                                                          \
  static_assert(true)

// The name under -D_FILE_OFFSET_BITS=64, where off_t and the structs are the same.
#define RT0_CALL64(name) RT0_EXPORT_WEAK decltype(name) name##64 __attribute__((alias(#name)))
