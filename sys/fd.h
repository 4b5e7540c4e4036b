// Descriptors, as far as reports and the start need them.
#pragma once
#include <cstddef>

#include "sys/ret.h"

namespace rt0::sys {

// Writes all of it, past EINTR and short counts; gives up silently on any other error, as a last report must.
void write_all(int fd, const char* text, std::size_t bytes) noexcept;

// Opens /dev/null as each of descriptors 0, 1 and 2 that is closed. False: it could not.
bool open_standard_fds() noexcept;

void close(int fd) noexcept;

// The runtime's own descriptor goes to a high number, close-on-exec: programs count on the low ones being
// theirs, in the order in which they open. Returns its number; the old one where there is no room.
int move_up(int fd) noexcept;

// Creates or empties a file for writing, close-on-exec, mode 0644.
ret<int> create(const char* path) noexcept;

}  // namespace rt0::sys
