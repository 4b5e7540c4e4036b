// What <rt/chan.h> and <rt/select.h> call in the runtime: channels of values whose type only the caller
// knows. Not for programs, and not kept stable for them.
#pragma once
#include <cstddef>
#include <cstdint>

#include "rt/abi/wait.h"

extern "C" {

// Makes the value at `to` from the one at `from`. False: it threw, and the exception is in *error.
using rt0_chan_move = bool (*)(void* to, void* from, void* error);

// What a channel knows of its values.
struct rt0_chan_type {
  std::size_t bytes, align;
  rt0_chan_move construct;    // in the buffer; nullptr: the bytes are the value
  void (*destroy)(void* at);  // nullptr: nothing to do
};

enum rt0_chan_bits : std::uint32_t {
  rt0_chan_is_closed = 1,  // close() was called
  rt0_chan_is_clock = 2,   // has an rt0_clock where the buffer would begin; of time_points, capacity 0
};

// A channel: made, counted and freed by the header. The buffer begins rt0_chan_buffer_offset behind it.
struct rt0_chan {
  std::uint32_t refs;  // handles, and operations that outlive theirs
  std::uint32_t bits;  // rt0_chan_bits
  std::size_t capacity, count;
  const rt0_chan_type* type;
  void* room[7];  // the runtime's own; zero at first
};

// One side of an operation. A sender's value, or the place for a receiver's, which `put` fills (nullptr:
// copies the bytes); for a sender `put` is not used. `error` goes to put and construct.
struct rt0_chan_op {
  void* value;
  rt0_chan_move put;
  void* error;
};

enum rt0_chan_status : int {
  rt0_chan_ok,
  rt0_chan_would_block,
  rt0_chan_closed,
  rt0_chan_threw,  // a move of this side's: its exception is in *error
};

// Park until the operation can be done.
rt0_chan_status rt0_chan_send(rt0_chan* c, const rt0_chan_op* op);
rt0_chan_status rt0_chan_recv(rt0_chan* c, const rt0_chan_op* op);
// The same without waiting for the other side.
rt0_chan_status rt0_chan_try_send(rt0_chan* c, const rt0_chan_op* op);
rt0_chan_status rt0_chan_try_recv(rt0_chan* c, const rt0_chan_op* op);
// False: it was closed already.
bool rt0_chan_close(rt0_chan* c);
// The last handle is gone: destroys what is left in the buffer.
void rt0_chan_drain(rt0_chan* c);
// What the nil channel does.
[[noreturn]] void rt0_chan_nil_send();
[[noreturn]] void rt0_chan_nil_recv();

// When a channel of time has its next value, on CLOCK_MONOTONIC; the maximum: never.
struct rt0_clock {
  std::int64_t next_ns;
  std::int64_t period_ns;  // 0: once
};
// So long after now, however long; never. Who waits for a value looks again. True: one was still to come.
bool rt0_clock_set(rt0_chan* c, std::int64_t delay_ns, std::int64_t period_ns) noexcept;
bool rt0_clock_stop(rt0_chan* c) noexcept;

enum rt0_case_kind : int {
  rt0_case_recv,
  rt0_case_send,
  rt0_case_timeout,
  rt0_case_stopped,
  rt0_case_otherwise,
};

// One case of a select, in the caller's frame.
struct rt0_select_case {
  rt0_case_kind kind;
  bool stop_requested;  // stopped: already when the select began
  rt0_chan* chan;       // recv, send: nullptr is never ready
  rt0_chan_op op;
  std::int64_t timeout_ns;
  rt0_select_case* polled;  // the select's own: two lists of all cases, spread over them
  rt0_select_case* locked;
  void* node[9];
};

// The cases stand `stride` bytes apart. The hooks' functions are nullptr without stopped cases.
struct rt0_select {
  rt0_select_case* cases;
  std::size_t count, stride;
  rt0_wait_hooks hooks;
};

// What ran: the index of its case. any_stop: a stopped case, the caller sees which.
struct rt0_selected {
  std::size_t index;
  rt0_chan_status status;
  bool any_stop;
};
rt0_selected rt0_select_wait(const rt0_select* s);
}

constexpr std::size_t rt0_chan_buffer_offset(std::size_t align) {
  return (sizeof(rt0_chan) + align - 1) / align * align;
}
