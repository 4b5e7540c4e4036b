#include "runtime/io/readiness.h"

#include <errno.h>
#include <sys/epoll.h>

#include <new>
#include <utility>

#include "runtime/base/tables.h"
#include "runtime/io/fd_kind.h"
#include "runtime/lock/mutex.h"
#include "runtime/sched/interrupt.h"
#include "runtime/sched/sched.h"
#include "runtime/sync/wait_table.h"
#include "sys/epoll.h"
#include "sys/fd.h"
#include "sys/mem.h"

namespace rt0 {
namespace {

constexpr unsigned most_fds = 1 << 20;  // beyond it: other ways
constexpr int most_reports = 128;

// Marks that are no descriptor's.
constexpr std::uint64_t of_the_break = ~std::uint64_t{0}, of_the_ring = of_the_break - 1;

constexpr std::uint32_t in_events = EPOLLIN | EPOLLPRI | EPOLLRDHUP, out_events = EPOLLOUT;
constexpr std::uint32_t end_events = EPOLLHUP | EPOLLERR;
// What may come together with the last data, so that a short read is not the last.
constexpr std::uint32_t not_only_data = EPOLLPRI | EPOLLRDHUP | end_events;

constexpr std::uint8_t bit(io_direction d) noexcept { return static_cast<std::uint8_t>(d); }

// Of poll's events.
constexpr std::uint8_t directions_of(int events) noexcept {
  const int in = (events & ~POLLOUT) != 0 || events == 0 ? bit(io_direction::in) : 0;
  return static_cast<std::uint8_t>(in | ((events & POLLOUT) != 0 ? bit(io_direction::out) : 0));
}

// A number's. All zero: never waited for.
struct fd_slot {
  std::uint32_t in, out;   // count edges; what waiters wait for. Changed by who takes, and under `giving`
  std::uint32_t empty_at;  // `in` before a read that emptied the socket
  std::uint8_t asked;      // the directions registered. Written under `giving`
  bool ended;              // an edge said more than that there is data
  std::uint64_t plain_at;  // netpoll_flags() when it was found plain; 0: not. Written under `giving`
  poll_set::node* polls;   // changed and walked under `giving`
};
static_assert(sizeof(fd_slot) == 32);

struct readiness_state {
  int epoll = -1, event = -1;
  fd_slot* slots = nullptr;      // by descriptor; the pages of those never waited for are untouched
  std::atomic<unsigned> end{0};  // no slot from here on was ever used
  mutex<lock_rank::netpoll_take> taking;
  mutex<lock_rank::netpoll_give> giving;
  // A break was sent and has not been taken: another would be one more system call.
  std::atomic<bool> break_sent{false};
  std::atomic<std::uint64_t> flags{1};
  // How many of `reports` the poller's sleep ended with, for the next who takes. Changed under `taking`
  std::atomic<int> reported{0};
};

constinit readiness_state state;
RT0_TABLE epoll_event reports[most_reports];  // under state.taking

template <class T>
T load(const T& at) noexcept {
  return __atomic_load_n(&at, __ATOMIC_ACQUIRE);
}
template <class T>
void store(T& at, T value) noexcept {
  __atomic_store_n(&at, value, __ATOMIC_RELEASE);
}

bool has_slot(int fd) noexcept {
  return static_cast<unsigned>(fd) < most_fds && load(state.slots) != nullptr;
}

// --- registration

// Makes sure that the directions are registered. 0, or the kernel's errno.
int ask(int fd, fd_slot& slot, std::uint8_t directions) noexcept {
  if ((load(slot.asked) & directions) == directions) return 0;
  lock_guard hold(state.giving);
  const std::uint8_t before = slot.asked, now = before | directions;
  if (before == 0) {
    slot.ended = false;
    store(slot.empty_at, slot.in - 1);
  }
  if (state.end.load(std::memory_order_relaxed) <= static_cast<unsigned>(fd)) {
    state.end.store(static_cast<unsigned>(fd) + 1, std::memory_order_seq_cst);  // pairs with: drop_all
  }
  const auto mark = static_cast<std::uint64_t>(fd);
  const std::uint32_t events = ((now & bit(io_direction::in)) != 0 ? in_events : 0) |
                               ((now & bit(io_direction::out)) != 0 ? out_events : 0) | EPOLLET;
  sys::ret<int> done = before == 0 ? sys::epoll_add(state.epoll, fd, events, mark)
                                   : sys::epoll_change(state.epoll, fd, events, mark);
  if (done.error() == EEXIST) done = sys::epoll_change(state.epoll, fd, events, mark);
  if (!done.ok()) return done.error();
  store(slot.asked, now);
  return 0;
}

// Who waits for this slot is to look again.
void end_waits(fd_slot& slot) noexcept RT0_REQUIRES(state.giving) {
  __atomic_fetch_add(&slot.in, 1, __ATOMIC_SEQ_CST);
  __atomic_fetch_add(&slot.out, 1, __ATOMIC_SEQ_CST);
  for (const poll_set::node* n = slot.polls; n != nullptr; n = n->next) {
    __atomic_fetch_add(n->word, 1, __ATOMIC_SEQ_CST);
    (void)wake(n->word, 1);
  }
}

void drop(unsigned fd, bool still_open) noexcept {
  fd_slot& slot = state.slots[fd];
  bool waited_for = false;
  {
    lock_guard hold(state.giving);
    waited_for = slot.asked != 0;
    if (waited_for && still_open) sys::epoll_remove(state.epoll, static_cast<int>(fd));
    store<std::uint8_t>(slot.asked, 0);
    slot.plain_at = 0;
    end_waits(slot);
  }
  if (!waited_for) return;
  (void)wake(&slot.in, INT32_MAX);
  (void)wake(&slot.out, INT32_MAX);
}

void drop_all(unsigned first, unsigned last, bool still_open) noexcept {
  if (load(state.slots) == nullptr || first >= most_fds) return;
  if (first == last) return drop(first, still_open);
  const unsigned end = state.end.load(std::memory_order_seq_cst);
  for (unsigned fd = first; fd <= last && fd < end; fd++) drop(fd, still_open);
}

// --- waiting

// Parks while *word == seen. What the wait's end is, in the kernel's words; 0: the word changed.
long park_for(const std::uint32_t* word, std::uint32_t seen, std::int64_t deadline_ns,
              io_waiter& waiter) noexcept {
  long outcome = 0;
  sched.netpoll_pending.fetch_add(1, std::memory_order_seq_cst);
  // pairs with: netpoll_cancel: one of us sees the other (StoreLoad)
  waiter.waits_for.store(const_cast<std::uint32_t*>(word), std::memory_order_seq_cst);
  if ((__atomic_load_n(&waiter.word, __ATOMIC_SEQ_CST) & io_waiter::give_up) == 0) {
    need_poller();
    outcome = outcome_of(wait_quietly(word, seen, deadline_ns, wait_reason::io, open_bits()));
  }
  waiter.waits_for.store(nullptr, std::memory_order_seq_cst);
  sched.netpoll_pending.fetch_sub(1, std::memory_order_relaxed);
  const bool given_up = (__atomic_load_n(&waiter.word, __ATOMIC_RELAXED) & io_waiter::give_up) != 0;
  return given_up ? -ECANCELED : outcome;
}

// --- the taker's side

void tell_polls(fd_slot& slot) noexcept {
  lock_guard hold(state.giving);
  for (const poll_set::node* n = slot.polls; n != nullptr; n = n->next) {
    __atomic_fetch_add(n->word, 1, __ATOMIC_SEQ_CST);
    (void)wake(n->word, 1);
  }
}

void count_edge(const epoll_event& report) noexcept {
  fd_slot& slot = state.slots[report.data.u64];
  const std::uint32_t events = report.events;
  // Before the count, whose reader it concerns.   pairs with: netpoll_look
  if ((events & not_only_data) != 0) store(slot.ended, true);
  if ((events & (in_events | end_events)) != 0) {
    __atomic_fetch_add(&slot.in, 1, __ATOMIC_SEQ_CST);  // pairs with: wait_if_equal's comparison
    (void)wake(&slot.in, INT32_MAX);
  }
  // Also if `asked` does not say so yet: it is written when the registration is made, which may report at
  // once.
  if ((events & (out_events | end_events)) != 0) {
    __atomic_fetch_add(&slot.out, 1, __ATOMIC_SEQ_CST);
    (void)wake(&slot.out, INT32_MAX);
  }
  // A set that comes into the list after this look asks poll(2) later still.
  if (__atomic_load_n(&slot.polls, __ATOMIC_SEQ_CST) != nullptr) tell_polls(slot);
}

// Takes reports into reports, without what is for the poller itself: the ring has its own queue, and a
// break has done its work by ending the sleep.
void fetch(std::int64_t until_ns) noexcept RT0_REQUIRES(state.taking) {
  const int n = sys::epoll_take(state.epoll, reports, most_reports, until_ns);
  int kept = 0;
  for (int i = 0; i < n; i++) {
    const std::uint64_t mark = reports[i].data.u64;
    if (mark == of_the_break) {
      // An exchange: who found it set before this sees to it that we see what he did.   pairs with:
      // interrupt's exchange
      (void)state.break_sent.exchange(false, std::memory_order_acq_rel);
    } else if (mark != of_the_ring) {
      reports[kept++] = reports[i];
    }
  }
  state.reported.store(kept, std::memory_order_relaxed);
}

}  // namespace

// --- open and close

bool readiness_open() noexcept {
  const sys::ret<int> epoll = sys::epoll_create(), event = sys::event_fd();
  const sys::ret<void*> slots = sys::map(most_fds * sizeof(fd_slot), sys::map_kind::heap);
  if (epoll.ok()) state.epoll = sys::move_up(epoll.value());
  if (event.ok()) state.event = sys::move_up(event.value());
  if (epoll.ok() && event.ok() && slots.ok() &&
      sys::epoll_add(state.epoll, state.event, EPOLLIN | EPOLLET, of_the_break).ok()) {
    store(state.slots, static_cast<fd_slot*>(slots.value()));  // last: has_slot is the sign
    return true;
  }
  if (epoll.ok()) sys::close(std::exchange(state.epoll, -1));
  if (event.ok()) sys::close(std::exchange(state.event, -1));
  if (slots.ok()) (void)sys::unmap(slots.value(), most_fds * sizeof(fd_slot));
  return false;
}

// By level: who takes an edge need not be who empties the queue.
bool readiness_watch_ring(int fd) noexcept {
  return sys::epoll_add(state.epoll, fd, EPOLLIN, of_the_ring).ok();
}

void readiness_after_fork() noexcept {
  if (state.slots == nullptr) return;
  sys::close(state.epoll);
  sys::close(state.event);
  (void)sys::unmap(state.slots, most_fds * sizeof(fd_slot));
  new (&state) readiness_state;
}

netpoll_fds readiness_own() noexcept { return {{state.epoll, state.event, -1}}; }

namespace readiness {

void claim() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS { state.taking.lock(); }
void release() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS { state.taking.unlock(); }

void sleep(std::int64_t until_ns) noexcept RT0_NO_THREAD_SAFETY_ANALYSIS {
  if (!ready()) fetch(until_ns == no_timer ? sys::no_limit : until_ns);
}

bool ready() noexcept { return state.reported.load(std::memory_order_relaxed) != 0; }

// A write that nobody reads: each is an edge.
void interrupt() noexcept {
  if (!state.break_sent.exchange(true, std::memory_order_acq_rel)) sys::signal_event(state.event);
}

bool take(bool (*take_ring)() noexcept) noexcept {
  if (!state.taking.try_lock()) return false;
  if (!ready()) fetch(sys::at_once);
  epoll_event mine[most_reports];
  const int n = state.reported.exchange(0, std::memory_order_relaxed);
  for (int i = 0; i < n; i++) mine[i] = reports[i];
  const bool any = take_ring();
  state.taking.unlock();
  for (int i = 0; i < n; i++) count_edge(mine[i]);
  return any || n > 0;
}

}  // namespace readiness

// --- netpoll.h's

io_seen netpoll_look(int fd) noexcept {
  if (!has_slot(fd)) return {0, 0, false, false};
  const fd_slot& slot = state.slots[fd];
  // The words first: everything else is looked at, and the call is tried, later.
  const std::uint32_t in = __atomic_load_n(&slot.in, __ATOMIC_SEQ_CST);
  const std::uint32_t out = __atomic_load_n(&slot.out, __ATOMIC_SEQ_CST);
  const bool empty =
      (load(slot.asked) & bit(io_direction::in)) != 0 && load(slot.empty_at) == in && !load(slot.ended);
  return {in, out, empty, load(slot.plain_at) == netpoll_flags()};
}

// Whatever was read before: the socket was empty after `in` was `seen`, and what came later is another edge.
void readiness_was_short(int fd, io_seen seen) noexcept {
  if (has_slot(fd) && load(state.slots[fd].asked) != 0 && kind_of(fd) == fd_kind::tcp) {
    store(state.slots[fd].empty_at, seen.in);
  }
}

std::uint64_t netpoll_flags() noexcept { return state.flags.load(std::memory_order_acquire); }
void netpoll_changes_flags() noexcept { state.flags.fetch_add(1, std::memory_order_acq_rel); }

void netpoll_is_plain(int fd, io_seen seen, std::uint64_t flags) noexcept {
  if (!has_slot(fd)) return;
  lock_guard hold(state.giving);
  // The same count: the number was not closed since.
  if (state.slots[fd].in == seen.in) store(state.slots[fd].plain_at, flags);
}

long readiness_wait(int fd, io_direction direction, io_seen seen, std::int64_t deadline_ns,
                    io_waiter& waiter) noexcept {
  if (!has_slot(fd)) return readiness_refused;
  fd_slot& slot = state.slots[fd];
  const int refused = ask(fd, slot, bit(direction));
  if (refused != 0) return refused == EPERM || refused == EBADF ? -refused : readiness_refused;
  const bool in = direction == io_direction::in;
  return park_for(in ? &slot.in : &slot.out, in ? seen.in : seen.out, deadline_ns, waiter);
}

poll_set::poll_set(const pollfd* fds, std::size_t count, node* nodes) noexcept : nodes_(nodes) {
  for (std::size_t i = 0; i < count && valid_; i++) {
    const int fd = fds[i].fd;
    if (fd < 0) continue;
    valid_ = has_slot(fd);
    if (!valid_) break;
    fd_slot& slot = state.slots[fd];
    node& mine = nodes_[used_++];
    {
      lock_guard hold(state.giving);
      mine = {slot.polls, &slot.polls, &waiter_.word, fd};
      if (mine.next != nullptr) mine.next->link = &mine.next;
      __atomic_store_n(&slot.polls, &mine, __ATOMIC_SEQ_CST);  // pairs with: count_edge's look
    }
    const int refused = ask(fd, slot, directions_of(fds[i].events));
    valid_ = refused == 0 || refused == EBADF || refused == EPERM;  // these two poll(2) answers at once
  }
}

poll_set::~poll_set() {
  lock_guard hold(state.giving);
  for (std::size_t i = 0; i < used_; i++) {
    const node& n = nodes_[i];
    *n.link = n.next;
    if (n.next != nullptr) n.next->link = n.link;
  }
}

long poll_set::wait(std::uint32_t seen, std::int64_t deadline_ns) noexcept {
  return park_for(&waiter_.word, seen, deadline_ns, waiter_);
}

void netpoll_forget(unsigned first, unsigned last) noexcept {
  forget_kinds(first, last);
  drop_all(first, last, true);
}

void netpoll_forgotten(unsigned first, unsigned last) noexcept {
  forget_kinds(first, last);
  drop_all(first, last, false);
}

}  // namespace rt0
