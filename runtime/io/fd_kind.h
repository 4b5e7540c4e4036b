// What kind of file a descriptor's number means, remembered: how a read is tried depends on it, and asking
// costs a system call.
//
// Invariant: a number gets a new meaning only after a close, dup2, dup3 or close_range of it in this process,
// and those forget it here. What arrives by itself (open, accept, recvmsg) gets a number that was closed.
#pragma once
#include <cstdint>

namespace rt0 {

enum class fd_kind : std::uint8_t {
  unknown,
  regular,  // page cache or disk: never "would block" for poll
  socket,   // but not of TCP
  tcp,      // a stream without borders: a short read has emptied it
  stream,   // pipes, terminals, eventfds, ...: poll knows
  other,    // directories, block devices, and what cannot be asked (EBADF)
};

inline bool is_socket(fd_kind kind) noexcept { return kind == fd_kind::socket || kind == fd_kind::tcp; }

// Asks the kernel once.
fd_kind kind_of(int fd) noexcept;
void forget_kinds(unsigned first, unsigned last) noexcept;

}  // namespace rt0
