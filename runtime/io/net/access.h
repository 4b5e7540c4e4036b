// Makes the public handles, and looks inside them.
#pragma once
#include <rt/net.h>

#include "runtime/io/net/descriptor.h"

namespace rt::net::detail {

struct access {
  template <class Handle>
  static Handle make(int fd, file_kind kind = file_kind::socket) {
    Handle h;
    h.d_.reset(new descriptor(fd, kind));
    return h;
  }
  template <class Handle>
  static descriptor* of(const Handle& h) noexcept {
    return h.d_.get();
  }
};

// -errno as an error of the API.
inline std::error_code error_of(long result) noexcept {
  if (result == -ECANCELED) return std::make_error_code(std::errc::operation_canceled);
  if (result == -ETIMEDOUT) return std::make_error_code(std::errc::timed_out);
  return {static_cast<int>(-result), std::generic_category()};
}

inline void throw_if(const std::error_code& error, const char* what) {
  if (error) throw std::system_error(error, what);
}

// One operation on a handle that may be closed.
template <class Handle>
long run(const Handle& h, direction which, const rt0::ring_op& op, const std::stop_token& stop) noexcept {
  descriptor* d = access::of(h);
  return d != nullptr ? d->run(which, op, stop) : -EBADF;
}

}  // namespace rt::net::detail
