// Why a goroutine waits: shown in dumps, as in Go ("goroutine 18 [sleep]:").
#pragma once
#include <cstdint>

namespace rt0 {

enum class wait_reason : std::uint8_t {
  none,
  sleep,
  mutex,
  condition,
  read_lock,
  write_lock,
  once,
  join,
  futex,
  file_lock,
  libc_lock,
  exit,
  semaphore,
  world,
  io,
  chan_receive,
  chan_send,
  chan_receive_nil,
  chan_send_nil,
  chan_lock,
  select,
  select_no_cases,
  signal,
  wait_group,
  ownerless_mutex,  // these three: <rt/sync.h>'s
  ownerless_read_lock,
  ownerless_write_lock,
  debug_call,
};

inline constexpr const char* wait_reason_text[] = {
    "waiting",
    "sleep",
    "mutex lock",
    "condition wait",
    "rwlock read lock",
    "rwlock write lock",
    "once",
    "thread join",
    "futex wait",
    "FILE lock",
    "C library lock",
    "exit in progress",
    "semaphore wait",
    "GOMAXPROCS",
    "IO wait",
    "chan receive",
    "chan send",
    "chan receive (nil chan)",
    "chan send (nil chan)",
    "chan lock",
    "select",
    "select (no cases)",
    "signal wait",
    "wait group",
    "rt::mutex lock",
    "rt::shared_mutex read lock",
    "rt::shared_mutex write lock",
    "debug call",
};

inline constexpr const char* text_of(wait_reason why) { return wait_reason_text[static_cast<int>(why)]; }

}  // namespace rt0
