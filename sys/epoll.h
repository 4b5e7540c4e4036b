// epoll and eventfd, for a kernel without io_uring.
#pragma once
#include <sys/epoll.h>

#include <cstdint>

#include "sys/ret.h"

namespace rt0::sys {

// Both close-on-exec; the eventfd never blocks.
ret<int> epoll_create() noexcept;
ret<int> event_fd() noexcept;

// Asks for one report of these events, whether the descriptor is in the set already or not. EPERM: its file
// is always ready.
ret<int> epoll_arm(int epoll, int fd, std::uint32_t events) noexcept;
// What is ready now, without waiting: at most `most`; returns how many.
ret<int> epoll_take(int epoll, epoll_event* ready, int most) noexcept;

void signal_event(int event) noexcept;
void drain_event(int event) noexcept;

// Blocks until one of the two is readable, until_ns on CLOCK_MONOTONIC (< 0: no limit), or a signal. True: b
// is.
bool wait_for_either(int a, int b, std::int64_t until_ns) noexcept;

}  // namespace rt0::sys
