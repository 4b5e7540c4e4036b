// Reads and writes of pipes, FIFOs, terminals: what poll knows, and no socket's flag makes one call of it
// non-blocking.
//
// They are tried with RWF_NOWAIT; who would block waits for poll, by its deadline, its stop token and close.
// What cannot be tried (terminals; pipes before Linux 6.4) is then made as it is: if somebody else was
// quicker, it waits without them. A write to a pipe that nobody reads is EPIPE and no SIGPIPE, as on sockets.
#pragma once
#include "runtime/io/net/descriptor.h"

namespace rt::net::detail {

// Some bytes; 0: the end; or -errno, as descriptor::run.
long stream_read(descriptor& d, std::span<std::byte> to, const std::stop_token& stop) noexcept;
// All of it: 0, or -errno. *done counts what was taken.
long stream_write(descriptor& d, std::span<const std::byte> from, const std::stop_token& stop,
                  std::size_t& done) noexcept;

}  // namespace rt::net::detail
