// A child until it is reaped. It is known by its pidfd, which means this child whatever its id comes to mean.
//
//   running --ends--> a zombie: the pidfd is readable --reaped by whoever waits--> status, for all to read
//
// Several goroutines wait: each parks until the pidfd is readable (it stays so), then one of them reaps,
// under the mutex, and the others find the status.
#pragma once
#include <rt/process.h>

#include <mutex>
#include <optional>

#include "runtime/io/net/descriptor.h"

namespace rt::detail {

class child {
 public:
  // Once. error: no pidfd; the child was ended.
  void begin(pid_t pid, std::error_code& error) noexcept;
  pid_t pid() const noexcept { return pid_; }

  process::status wait(const std::stop_token& stop, std::error_code& error) noexcept;
  void kill(int signal, std::error_code& error) noexcept;
  // It has ended, and is no zombie (any more).
  bool is_reaped() noexcept;

 private:
  // Reaps if that is possible. nullopt and no error: it runs.
  std::optional<process::status> reap(std::error_code& error) noexcept;

  pid_t pid_ = -1;
  net::detail::descriptor_handle pidfd_;
  std::mutex mutex_;
  std::optional<process::status> status_;  // with the mutex, as the next
  bool lost_ = false;                      // somebody else took the status
};

}  // namespace rt::detail
