// A descriptor that several goroutines use and any of them may close: Go's internal/poll fdMutex and FD.
//
// Every use counts; close() forbids new ones, ends those that wait, and the last one out closes the number.
// So no call ever meets another file under it.
//
//   state = closed bit | uses    uses: one for being open, one for each call under way; the number is closed
//   at 0 refs                         the handle's and the calls'; the object is freed at 0
#pragma once
#include <rt/net.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

#include "runtime/io/netpoll.h"

namespace rt::net::detail {

enum class direction { read, write };

enum class file_kind : std::uint8_t {
  socket,
  stream,  // pipes, terminals and the like: stream.h
  disk,    // never "would block" for poll: regular files, directories, block devices
};

class descriptor {
 public:
  explicit descriptor(int fd, file_kind kind = file_kind::socket) noexcept : fd_(fd), kind_(kind) {}
  descriptor(const descriptor&) = delete;

  int fd() const noexcept;
  file_kind kind() const noexcept { return kind_; }
  // Ends what waits. The number is closed when the last call has returned. Once.
  void close() noexcept;
  void set_deadline(direction which, time_point when) noexcept;

  // One operation on this descriptor (op.fd is set here), which waits until its deadline, a close or a stop.
  // Returns the result, or -errno: -ECANCELED for close and stop, -ETIMEDOUT.
  long run(direction which, rt0::ring_op op, const std::stop_token& stop) noexcept;

  // Why an operation is not to begin: 0, -ECANCELED, -ETIMEDOUT.
  long refusal(direction which, const std::stop_token& stop) const noexcept;

  // While one lives that is open, the number is this file's.
  class hold {
   public:
    explicit hold(descriptor* d) noexcept : d_(d != nullptr && d->enter() ? d : nullptr) {}
    hold(const hold&) = delete;
    ~hold() {
      if (d_ != nullptr) d_->leave();
    }
    explicit operator bool() const noexcept { return d_ != nullptr; }
    int fd() const noexcept { return d_->fd_; }

   private:
    descriptor* const d_;
  };

  std::string path_to_remove;  // of a listening unix socket

 private:
  friend struct release;
  struct wait;
  class use;

  long wait_for(direction which, const rt0::ring_op& op, const rt0::io_seen* tried,
                const std::stop_token& stop) noexcept;
  bool enter() noexcept;
  void leave() noexcept;
  void unref() noexcept;

  static constexpr std::uint32_t closed = 1u << 31;
  const int fd_;
  const file_kind kind_;
  std::atomic<std::uint32_t> state_{1};
  std::atomic<std::uint32_t> refs_{1};
  std::atomic<std::int64_t> deadline_ns_[2]{};  // 0: none
  std::mutex waits_mutex_;
  wait* waits_ = nullptr;  // guarded by waits_mutex_
};

}  // namespace rt::net::detail
