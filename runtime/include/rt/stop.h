// How a std::stop_token ends a wait, a part of <rt/sync.h>, <rt/select.h> and <rt/time.h>: the request claims
// the wait of one goroutine, as a wake-up would, and wakes nobody else.
#pragma once
#include <cstdint>
#include <optional>
#include <stop_token>
#include <utility>

#include "rt/abi/wait.h"

namespace rt::detail {

// From any goroutine, the waiting one included.
struct stop_claim {
  void* goroutine;
  std::uint64_t wait;
  void operator()() const noexcept { rt0_wait_cancel(goroutine, wait); }
};

// For one wait after another.
class stop_watch {
 public:
  explicit stop_watch(std::stop_token token) : token_(std::move(token)) {}

  const std::stop_token& token() const noexcept { return token_; }
  bool requested() const noexcept { return token_.stop_requested(); }
  void arm(void* goroutine, std::uint64_t wait) noexcept {
    callback_.emplace(token_, stop_claim{goroutine, wait});
  }
  // Waits for a callback that runs on another goroutine.
  void disarm() noexcept { callback_.reset(); }

  rt0_wait_hooks hooks() noexcept {
    return {[](void* self, void* goroutine, std::uint64_t wait) noexcept {
              static_cast<stop_watch*>(self)->arm(goroutine, wait);
            },
            [](void* self) noexcept { static_cast<stop_watch*>(self)->disarm(); }, this};
  }

 private:
  std::stop_token token_;
  std::optional<std::stop_callback<stop_claim>> callback_;
};

}  // namespace rt::detail
