// epoll and eventfd: what the poller sleeps in.
#pragma once
#include <sys/epoll.h>

#include <cstdint>

#include "sys/ret.h"

namespace rt0::sys {

// Both close-on-exec; the eventfd never blocks.
ret<int> epoll_create() noexcept;
ret<int> event_fd() noexcept;

// Reports about the descriptor carry `mark`. EPERM: its file is always ready.
ret<int> epoll_add(int epoll, int fd, std::uint32_t events, std::uint64_t mark) noexcept;
ret<int> epoll_change(int epoll, int fd, std::uint32_t events, std::uint64_t mark) noexcept;
void epoll_remove(int epoll, int fd) noexcept;

inline constexpr std::int64_t at_once = 0, no_limit = -1;
// Blocks until there is something, until_ns on CLOCK_MONOTONIC (at_once, no_limit), or a signal. Takes at
// most `most` reports; returns how many.
int epoll_take(int epoll, epoll_event* reports, int most, std::int64_t until_ns) noexcept;

void signal_event(int event) noexcept;

}  // namespace rt0::sys
