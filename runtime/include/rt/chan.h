// <rt/chan.h>: channels.
//
//   rt::chan<int> c(128);             a handle: copies are the same channel, which goes with the last of them
//   c.send(1);                        parks while 128 values are there; throws closed_channel if closed
//   while (auto v = c.recv()) ...     nullopt: closed and drained;  for (int v : c) says the same
//   c.close();                        no more values; whoever waits is told
//
// Go's semantics: capacity 0 is a hand-over from one goroutine's stack to the other's; who waits first is
// served first; the handle of a default-constructed chan is the nil channel, which is never ready. An
// operation allocates nothing.
//
// A value is moved from the sender's to the receiver's side, once, or twice by way of the buffer, inside of
// the channel's lock: a move or destructor of T may lock, print or sleep, but not use channels, nor end its
// goroutine (rt::goexit, pthread_exit, cancellation). What a move throws is thrown by the operation that
// executed it. The other side of a hand-over goes on waiting; a value that stays in the buffer is received
// again, in whatever state the move left it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iterator>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "rt/abi/chan.h"

namespace rt {

class closed_channel : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};
class nil_channel : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

enum class chan_status { ok, empty, full, closed };

template <class T>
class chan;

namespace detail {

// Its bytes are the value: the runtime copies them itself.
template <class T>
inline constexpr bool plain_bytes =
    std::is_trivially_copyable_v<T>&& std::is_trivially_move_constructible_v<T>;

// Runs f; an exception goes to *error.
template <bool Nothrow, class F>
bool attempt(void* error, F f) {
  if constexpr (Nothrow) {
    f();
    return true;
  } else {
    try {
      f();
      return true;
    } catch (...) {
      *static_cast<std::exception_ptr*>(error) = std::current_exception();
      return false;
    }
  }
}

template <class T>
bool chan_construct(void* to, void* from, void* error) {
  return attempt<std::is_nothrow_move_constructible_v<T>>(
      error, [&] { ::new (to) T(std::move(*static_cast<T*>(from))); });
}
template <class T>
bool chan_emplace(void* to, void* from, void* error) {
  return attempt<std::is_nothrow_move_constructible_v<T>>(
      error, [&] { static_cast<std::optional<T>*>(to)->emplace(std::move(*static_cast<T*>(from))); });
}
template <class T>
bool chan_assign(void* to, void* from, void* error) {
  return attempt<std::is_nothrow_move_assignable_v<T>>(
      error, [&] { *static_cast<T*>(to) = std::move(*static_cast<T*>(from)); });
}
template <class T>
void chan_destroy(void* at) {
  std::destroy_at(static_cast<T*>(at));
}

// Values without a state take no room: a buffer of them may have any capacity.
template <class T>
inline constexpr rt0_chan_type chan_type = {plain_bytes<T>&& std::is_empty_v<T> ? 0 : sizeof(T), alignof(T),
                                            plain_bytes<T> ? nullptr : &chan_construct<T>,
                                            std::is_trivially_destructible_v<T> ? nullptr : &chan_destroy<T>};

// The exception of an operation; no cost where none can come.
template <class T>
class chan_error {
 public:
  void* place() noexcept { return nullptr; }
  [[noreturn]] void rethrow() { std::terminate(); }
};
template <class T>
requires(!(plain_bytes<T> || (std::is_nothrow_move_constructible_v<T> &&
                              std::is_nothrow_move_assignable_v<T>))) class chan_error<T> {
 public:
  void* place() noexcept { return &error_; }
  [[noreturn]] void rethrow() { std::rethrow_exception(std::move(error_)); }

 private:
  std::exception_ptr error_;
};

// Where a receive puts its value: an optional<T>, or bytes that become one.
template <class T>
class chan_slot {
 public:
  rt0_chan_op op(chan_error<T>& error) noexcept { return {&value_, &chan_emplace<T>, error.place()}; }
  // Once after an operation.
  std::optional<T> take(bool received) {
    std::optional<T> value;
    if (received) value.emplace(*std::move(value_));
    value_.reset();
    return value;
  }

 private:
  std::optional<T> value_;
};
template <class T>
requires plain_bytes<T>
class chan_slot<T> {
 public:
  rt0_chan_op op(chan_error<T>&) noexcept { return {bytes_, nullptr, nullptr}; }
  std::optional<T> take(bool received) {
    if (!received) return std::nullopt;
    if constexpr (std::is_empty_v<T>) ::new (static_cast<void*>(bytes_)) T;
    return std::optional<T>(std::move(*std::launder(reinterpret_cast<T*>(bytes_))));
  }

 private:
  alignas(T) std::byte bytes_[sizeof(T)];
};

[[noreturn]] inline void throw_closed(const char* what) { throw closed_channel(what); }
[[noreturn]] inline void throw_nil(const char* what) { throw nil_channel(what); }
[[noreturn]] inline void throw_capacity() { throw std::length_error("rt::chan: capacity"); }

struct chan_access {
  template <class T>
  static rt0_chan* erased(const chan<T>& c) noexcept {
    return c.c_;
  }
  template <class T>
  static chan<T> handle(rt0_chan* c) noexcept {
    return chan<T>::share(c);
  }
  // Without a buffer; so much room is where it would begin, and filled by the caller.
  template <class T>
  static chan<T> with_room(rt0_chan_bits bits, std::size_t room_bytes) {
    chan<T> c;
    c.make(bits, 0, room_bytes);
    return c;
  }
};

}  // namespace detail

template <class T>
class chan {
  static_assert(std::is_object_v<T> && !std::is_const_v<T> && !std::is_array_v<T>);

 public:
  class iterator;
  using value_type = T;

  chan() noexcept = default;

  // Throws std::length_error if that many values fit in no memory, std::bad_alloc if there is none.
  explicit chan(std::size_t capacity) {
    constexpr const rt0_chan_type& type = detail::chan_type<T>;
    constexpr std::size_t before = rt0_chan_buffer_offset(type.align);
    constexpr auto most = static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max());
    if (type.bytes != 0 && capacity > (most - before) / type.bytes) detail::throw_capacity();
    make({}, capacity, capacity * type.bytes);
  }

  chan(const chan& from) noexcept : chan(share(from.c_)) {}
  chan(chan&& from) noexcept : c_(std::exchange(from.c_, nullptr)) {}
  chan& operator=(chan from) noexcept {
    std::swap(c_, from.c_);
    return *this;
  }
  ~chan() {
    // acq_rel: the last one sees what the others did
    if (c_ == nullptr || __atomic_fetch_sub(&c_->refs, 1, __ATOMIC_ACQ_REL) != 1) return;
    rt0_chan_drain(c_);
    if constexpr (over_aligned) {
      ::operator delete (c_, std::align_val_t{alignof(T)});
    } else {
      ::operator delete(c_);
    }
  }

  explicit operator bool() const noexcept { return c_ != nullptr; }
  // The same channel.
  friend bool operator==(const chan& a, const chan& b) noexcept { return a.c_ == b.c_; }

  // Parks until there is room for v, or a receiver for it. Throws closed_channel if the channel is closed,
  // also while waiting.
  void send(T v) const {
    if (c_ == nullptr) rt0_chan_nil_send();
    detail::chan_error<T> error;
    const rt0_chan_op op{std::addressof(v), nullptr, error.place()};
    const rt0_chan_status status = rt0_chan_send(c_, &op);
    if (status != rt0_chan_ok) [[unlikely]]
      failed(status, error);
  }

  // Parks until there is a value; nullopt: the channel is closed and drained.
  std::optional<T> recv() const {
    if (c_ == nullptr) rt0_chan_nil_recv();
    if constexpr (detail::plain_bytes<T>) {
      return receive_bytes();
    } else {
      return receive();
    }
  }

  // Moves from v if that needs no waiting: ok, full, or closed.
  chan_status try_send(T& v) const {
    if (c_ == nullptr) return chan_status::full;
    detail::chan_error<T> error;
    const rt0_chan_op op{std::addressof(v), nullptr, error.place()};
    return tried(rt0_chan_try_send(c_, &op), chan_status::full, error);
  }

  // Moves a value to out if one is there: ok, empty, or closed (and drained).
  chan_status try_recv(T& out) const {
    if (c_ == nullptr) return chan_status::empty;
    detail::chan_error<T> error;
    const rt0_chan_op op{std::addressof(out), detail::plain_bytes<T> ? nullptr : &detail::chan_assign<T>,
                         error.place()};
    return tried(rt0_chan_try_recv(c_, &op), chan_status::empty, error);
  }

  // No more values will be sent: receivers get what is in the buffer, then nullopt. Throws closed_channel if
  // it is closed, nil_channel if it is nil.
  void close() const {
    if (c_ == nullptr) detail::throw_nil("rt::chan: close of nil channel");
    if (!rt0_chan_close(c_)) detail::throw_closed("rt::chan: close of closed channel");
  }
  bool closed() const noexcept {
    return c_ != nullptr && (__atomic_load_n(&c_->bits, __ATOMIC_ACQUIRE) & rt0_chan_is_closed) !=
                                0;  // pairs with: rt0_chan_close
  }

  // Values in the buffer, while others send and receive: a moment ago. 0 for nil.
  std::size_t len() const noexcept {
    return c_ != nullptr ? __atomic_load_n(&c_->count, __ATOMIC_RELAXED) : 0;
  }
  std::size_t cap() const noexcept { return c_ != nullptr ? c_->capacity : 0; }

  // Receives; ends when the channel is closed and drained. *it is an rvalue: `for (T v : c)` moves.
  iterator begin() const { return iterator(*this); }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  friend detail::chan_access;

  static constexpr bool over_aligned = alignof(T) > __STDCPP_DEFAULT_NEW_ALIGNMENT__;
  static void* allocate(std::size_t bytes) {
    if constexpr (over_aligned) {
      return ::operator new (bytes, std::align_val_t{alignof(T)});
    } else {
      return ::operator new(bytes);
    }
  }

  void make(rt0_chan_bits bits, std::size_t capacity, std::size_t room_bytes) {
    c_ = ::new (allocate(rt0_chan_buffer_offset(alignof(T)) + room_bytes)) rt0_chan{};
    c_->refs = 1;
    c_->bits = bits;
    c_->capacity = capacity;
    c_->type = &detail::chan_type<T>;
  }

  // A second handle of c.
  static chan share(rt0_chan* c) noexcept {
    if (c != nullptr) __atomic_fetch_add(&c->refs, 1, __ATOMIC_RELAXED);
    chan handle;
    handle.c_ = c;
    return handle;
  }

  // The value comes to lie in the caller's optional: without a move of its own.
  std::optional<T> receive() const {
    std::optional<T> value;
    detail::chan_error<T> error;
    const rt0_chan_op op{&value, &detail::chan_emplace<T>, error.place()};
    if (rt0_chan_recv(c_, &op) == rt0_chan_threw) [[unlikely]]
      error.rethrow();
    return value;
  }
  std::optional<T> receive_bytes() const {
    detail::chan_slot<T> slot;
    detail::chan_error<T> none;
    const rt0_chan_op op = slot.op(none);
    return slot.take(rt0_chan_recv(c_, &op) == rt0_chan_ok);
  }
  [[noreturn]] static void failed(rt0_chan_status status, detail::chan_error<T>& error) {
    if (status == rt0_chan_closed) detail::throw_closed("rt::chan: send on closed channel");
    error.rethrow();
  }
  static chan_status tried(rt0_chan_status status, chan_status unable, detail::chan_error<T>& error) {
    switch (status) {
      case rt0_chan_ok: return chan_status::ok;
      case rt0_chan_would_block: return unable;
      case rt0_chan_closed: return chan_status::closed;
      case rt0_chan_threw: break;
    }
    error.rethrow();
  }

  rt0_chan* c_ = nullptr;
};

template <class T>
class chan<T>::iterator {
 public:
  using value_type = T;
  using difference_type = std::ptrdiff_t;
  using iterator_concept = std::input_iterator_tag;

  iterator() = default;
  explicit iterator(const chan& c) : c_(c), value_(c_.recv()) {}

  T&& operator*() const noexcept { return std::move(*value_); }
  iterator& operator++() {
    value_.reset();
    if (std::optional<T> next = c_.recv()) value_.emplace(*std::move(next));
    return *this;
  }
  void operator++(int) { ++*this; }
  friend bool operator==(const iterator& it, std::default_sentinel_t) noexcept { return !it.value_; }

 private:
  chan c_;
  mutable std::optional<T> value_;
};

}  // namespace rt
