// What the C library needs of the process's start and end, in place of musl's __libc_start_main.
#pragma once
#include <cstddef>

#include "runtime/libc/musl_abi.h"

namespace rt0::libc {

// Fills in musl's own state: environment, auxiliary vector, program name, "there are threads". Once, on g0,
// before any other function of the C library; a set-user-ID program gets its missing descriptors 0 to 2 as
// /dev/null.
void libc_start(char** envp, const char* argv0, const std::size_t* auxv) noexcept;

// What a new goroutine's tcb.locale holds: the global locale, which setlocale changes.
void* libc_locale() noexcept;

// stdin, stdout or stderr (0, 1, 2); nullptr: the program does not use it.
musl_file* standard_stream(int i) noexcept;

// Flushes stdio's streams, if the program uses stdio. On a goroutine; may park.
void libc_flush() noexcept;

}  // namespace rt0::libc
