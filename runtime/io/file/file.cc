// Two kinds of files (net/descriptor.h, file_kind). Streams wait for poll: net/stream.h. Files on disks are
// never waited for by descriptor: a read tries the page cache, then parks until an operation of the ring has
// come back, or is handed off where there is no ring; that is the C library's read (libc/io_call.cc), called
// here by its number.
//
// Writes are handed off: 4 KiB into ext4's page cache take 2 us so and 13 us as an operation of the ring,
// which goes to a worker since ext4 refuses RWF_NOWAIT for writes. fsync likewise (netpoll.h).
//
// A use counts (descriptor::hold) for the whole of a call, so that the number stays this file's.
#include <errno.h>
#include <fcntl.h>
#include <rt/file.h>
#include <rt/go.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <new>

#include "runtime/io/net/access.h"
#include "runtime/io/net/stream.h"
#include "runtime/libc/members/blocking_call.h"
#include "runtime/libc/members/core_abi.h"

namespace rt {

using net::detail::access;
using net::detail::descriptor;
using net::detail::direction;
using net::detail::error_of;
using net::detail::file_kind;
using net::detail::throw_if;
using rt0::libc::blocking_call;

namespace {

constexpr std::size_t most_bytes = 0x7ffff000;  // the kernel's own limit

// One call on a file of a disk, made again after a signal's handler.
template <class... Arguments>
long on_disk(long nr, Arguments... arguments) noexcept {
  long result;
  do result = blocking_call(nr, arguments...);
  while (result == -EINTR);
  return result;
}

// The handle's descriptor for one call. error: what refused it, or -errno of the call.
class use {
 public:
  use(const file& f, const std::stop_token& stop, std::error_code& error) noexcept
      : d_(access::of(f)), hold_(d_) {
    error.clear();
    if (!hold_) {
      error = error_of(-EBADF);
    } else if (stop.stop_requested()) {
      error = error_of(-ECANCELED);
    }
  }
  descriptor& operator*() const noexcept { return *d_; }
  int fd() const noexcept { return hold_.fd(); }
  bool is_stream() const noexcept { return d_->kind() == file_kind::stream; }

 private:
  descriptor* const d_;
  const descriptor::hold hold_;
};

// at < 0: at the file's own position.
constexpr off_t here = -1;

std::size_t read_some(const file& f, std::span<std::byte> to, off_t at, const std::stop_token& stop,
                      std::error_code& error) noexcept {
  const use u(f, stop, error);
  if (error || to.empty()) return 0;
  const std::size_t bytes = std::min(to.size(), most_bytes);
  const long n = at != here      ? on_disk(SYS_pread64, u.fd(), to.data(), bytes, at)
                 : u.is_stream() ? net::detail::stream_read(*u, to, stop)
                                 : on_disk(SYS_read, u.fd(), to.data(), bytes);
  if (n < 0) error = error_of(n);
  return n < 0 ? 0 : static_cast<std::size_t>(n);
}

std::size_t write_all(const file& f, std::span<const std::byte> from, off_t at, const std::stop_token& stop,
                      std::error_code& error) noexcept {
  const use u(f, stop, error);
  if (error) return 0;
  std::size_t done = 0;
  long n = 0;
  if (at == here && u.is_stream()) {
    n = net::detail::stream_write(*u, from, stop, done);
  } else {
    while (n >= 0 && done < from.size()) {
      const std::byte* piece = from.data() + done;
      const std::size_t bytes = std::min(from.size() - done, most_bytes);
      n = at == here ? on_disk(SYS_write, u.fd(), piece, bytes)
                     : on_disk(SYS_pwrite64, u.fd(), piece, bytes, at + static_cast<off_t>(done));
      if (n > 0) done += static_cast<std::size_t>(n);
      if (n > 0 && done < from.size() && stop.stop_requested()) n = -ECANCELED;
    }
  }
  if (n < 0) error = error_of(n);
  return done;
}

// The position is the caller's: one below 0 is no other way to say `here`.
bool is_position(off_t at, std::error_code& error) noexcept {
  error.clear();
  if (at < 0) error = error_of(-EINVAL);
  return at >= 0;
}

file file_of(int fd, std::error_code& error) noexcept {
  error.clear();
  try {
    return access::make<file>(fd, rt0_io_on_disk(fd) ? file_kind::disk : file_kind::stream);
  } catch (const std::bad_alloc&) {
    ::close(fd);
    error = error_of(-ENOMEM);
  }
  return {};
}

// -1 and an error.
int open_waiting(const char* path, int flags, mode_t mode, std::error_code& error) noexcept {
  const long fd = on_disk(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, mode);
  if (fd < 0) error = error_of(fd);
  return fd < 0 ? -1 : static_cast<int>(fd);
}

// An open in a goroutine of its own, whose caller may go away.
struct opening {
  std::mutex mutex;
  std::condition_variable_any changed;
  bool done = false, abandoned = false;
  int fd = -1;
  std::error_code error;
};

void open_for(const std::shared_ptr<opening>& o, const std::filesystem::path& path, int flags, mode_t mode) {
  std::error_code error;
  const int fd = open_waiting(path.c_str(), flags, mode, error);
  const std::lock_guard hold(o->mutex);
  if (o->abandoned) {
    if (fd >= 0) ::close(fd);
    return;
  }
  o->fd = fd;
  o->error = error;
  o->done = true;
  o->changed.notify_all();
}

}  // namespace

file file::open(const std::filesystem::path& path, int flags, mode_t mode, std::error_code& error) noexcept {
  error.clear();
  const int fd = open_waiting(path.c_str(), flags, mode, error);
  return fd >= 0 ? file_of(fd, error) : file();
}

file file::open(const std::filesystem::path& path, int flags, mode_t mode) {
  std::error_code error;
  file f = open(path, flags, mode, error);
  throw_if(error, path.c_str());
  return f;
}

file file::open(const std::filesystem::path& path, int flags, mode_t mode, std::stop_token stop) {
  if (!stop.stop_possible()) return open(path, flags, mode);
  const auto o = std::make_shared<opening>();
  std::error_code error = error_of(-ECANCELED);
  file f;
  if (!stop.stop_requested()) {
    rt::go(open_for, o, path, flags, mode);
    std::unique_lock hold(o->mutex);
    if (o->changed.wait(hold, stop, [&] { return o->done; })) {
      error = o->error;
      if (!error) f = file_of(o->fd, error);
    } else {
      o->abandoned = true;
    }
  }
  throw_if(error, path.c_str());
  return f;
}

std::size_t file::read(std::span<std::byte> to, std::error_code& error) noexcept {
  return read_some(*this, to, here, {}, error);
}
std::size_t file::read(std::span<std::byte> to, std::stop_token stop) {
  std::error_code error;
  const std::size_t n = read_some(*this, to, here, stop, error);
  throw_if(error, "read");
  return n;
}
std::size_t file::read(std::span<std::byte> to) { return read(to, std::stop_token()); }

std::size_t file::write(std::span<const std::byte> from, std::error_code& error) noexcept {
  return write_all(*this, from, here, {}, error);
}
std::size_t file::write(std::span<const std::byte> from, std::stop_token stop) {
  std::error_code error;
  const std::size_t n = write_all(*this, from, here, stop, error);
  throw_if(error, "write");
  return n;
}
std::size_t file::write(std::span<const std::byte> from) { return write(from, std::stop_token()); }

std::size_t file::pread(std::span<std::byte> to, off_t at, std::error_code& error) noexcept {
  return is_position(at, error) ? read_some(*this, to, at, {}, error) : 0;
}
std::size_t file::pread(std::span<std::byte> to, off_t at, std::stop_token stop) {
  std::error_code error;
  const std::size_t n = is_position(at, error) ? read_some(*this, to, at, stop, error) : 0;
  throw_if(error, "pread");
  return n;
}
std::size_t file::pread(std::span<std::byte> to, off_t at) { return pread(to, at, std::stop_token()); }

std::size_t file::pwrite(std::span<const std::byte> from, off_t at, std::error_code& error) noexcept {
  return is_position(at, error) ? write_all(*this, from, at, {}, error) : 0;
}
std::size_t file::pwrite(std::span<const std::byte> from, off_t at, std::stop_token stop) {
  std::error_code error;
  const std::size_t n = is_position(at, error) ? write_all(*this, from, at, stop, error) : 0;
  throw_if(error, "pwrite");
  return n;
}
std::size_t file::pwrite(std::span<const std::byte> from, off_t at) {
  return pwrite(from, at, std::stop_token());
}

namespace {

void sync_file(const file& f, const std::stop_token& stop, std::error_code& error) noexcept {
  const use u(f, stop, error);
  if (error) return;
  if (const long failed = on_disk(SYS_fsync, u.fd()); failed < 0) error = error_of(failed);
}

}  // namespace

void file::sync(std::error_code& error) noexcept { sync_file(*this, {}, error); }
void file::sync(std::stop_token stop) {
  std::error_code error;
  sync_file(*this, stop, error);
  throw_if(error, "sync");
}
void file::sync() { sync(std::stop_token()); }

void file::close() noexcept {
  if (d_) d_->close();
}
int file::fd() const noexcept { return d_ ? d_->fd() : -1; }

}  // namespace rt
