#include "runtime/sync/wait_table.h"

#include <new>

#include "runtime/base/tables.h"
#include "runtime/lock/mutex.h"
#include "runtime/sched/interrupt.h"
#include "runtime/sched/sched.h"
#include "runtime/signal/attend.h"

namespace rt0 {
namespace {

// A power of two; at 64 bytes each they cost the pages that are used.
constexpr std::size_t bucket_count = 256;

struct alignas(64) bucket {
  mutex<lock_rank::wait_bucket> lock;
  wait_node* head RT0_GUARDED_BY(lock) = nullptr;
  wait_node* tail RT0_GUARDED_BY(lock) = nullptr;
};

RT0_TABLE constinit bucket table[bucket_count];

// Odd, so that multiplication by it is a permutation. Until seeded: 2^64 divided by the golden ratio.
constinit std::uint64_t hash_key = 0x9e3779b97f4a7c15;

// Multiplicative hashing (Knuth, TAOCP 6.4): words of one object fall into different buckets.
bucket& bucket_of(const void* address) noexcept {
  const auto a = reinterpret_cast<std::uintptr_t>(address);
  return table[(a >> 2) * hash_key >> (64 - 8)];
}
static_assert(bucket_count == 1 << 8);

void link(bucket& b, wait_node& node) noexcept RT0_REQUIRES(b.lock) {
  node.next = nullptr;
  node.previous = b.tail;
  (b.tail != nullptr ? b.tail->next : b.head) = &node;
  b.tail = &node;
  node.linked = true;
}

void link_first(bucket& b, wait_node& node) noexcept RT0_REQUIRES(b.lock) {
  node.previous = nullptr;
  node.next = b.head;
  (b.head != nullptr ? b.head->previous : b.tail) = &node;
  b.head = &node;
  node.linked = true;
}

void unlink(bucket& b, wait_node& node) noexcept RT0_REQUIRES(b.lock) {
  (node.previous != nullptr ? node.previous->next : b.head) = node.next;
  (node.next != nullptr ? node.next->previous : b.tail) = node.previous;
  node.linked = false;
}

}  // namespace

void wait_table_seed(std::uint64_t random) noexcept { hash_key ^= random & ~std::uint64_t{1}; }

void enter(wait_node& node, const void* address) noexcept {
  node.address = address;
  node.ticket = begin_wait(open_bits());
  node.impatient = false;
  bucket& b = bucket_of(address);
  lock_guard hold(b.lock);
  link(b, node);
}

wait_result park_quietly(wait_node& node, std::int64_t deadline_ns, wait_reason why) noexcept {
  const claim_state how = gopark(node.ticket, why, deadline_ns);
  // A waker unlinks what it claims. After any other end the node is still in the list, and a waker may be
  // looking at it.
  if (how != claim_state::woken && how != claim_state::handed) {
    bucket& b = bucket_of(node.address);
    lock_guard hold(b.lock);
    if (node.linked) unlink(b, node);
  }
  switch (how) {
    case claim_state::woken: return wait_result::woken;
    case claim_state::handed: return wait_result::handed;
    case claim_state::cancelled:
    case claim_state::interrupted: return wait_result::interrupted;
    default: return wait_result::timed_out;
  }
}

namespace {

// False: the word has another value. Else node stands in the table.
bool enter_if_equal(wait_node& node, const std::uint32_t* word, std::uint32_t expected, bool impatient,
                    std::uint8_t open_to) noexcept {
  node.address = word;
  node.impatient = impatient;
  bucket& b = bucket_of(word);
  lock_guard hold(b.lock);
  // seq_cst and under the lock: a waker stores to the word before it takes the lock, so either we see its
  // value or it sees our node.   pairs with: wake's lock
  if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != expected) return false;
  node.ticket = begin_wait(open_to);
  impatient ? link_first(b, node) : link(b, node);
  return true;
}

}  // namespace

bool enter_if_equal(wait_node& node, const std::uint32_t* word, std::uint32_t expected,
                    std::uint8_t open_to) noexcept {
  return enter_if_equal(node, word, expected, false, open_to);
}

wait_result park(wait_node& node, std::int64_t deadline_ns, wait_reason why) noexcept {
  const wait_result how = park_quietly(node, deadline_ns, why);
  attend();
  return how;
}

wait_result wait_if_equal(const std::uint32_t* word, std::uint32_t expected, std::int64_t deadline_ns,
                          wait_reason why) noexcept {
  return wait_for_lock(word, expected, deadline_ns, why, false);
}

wait_result wait_for_lock(const std::uint32_t* word, std::uint32_t expected, std::int64_t deadline_ns,
                          wait_reason why, bool impatient) noexcept {
  wait_node node;
  if (!enter_if_equal(node, word, expected, impatient, open_bits())) return wait_result::not_equal;
  return park(node, deadline_ns, why);
}

wait_result wait_quietly(const std::uint32_t* word, std::uint32_t expected, std::int64_t deadline_ns,
                         wait_reason why, std::uint8_t open_to) noexcept {
  wait_node node;
  if (!enter_if_equal(node, word, expected, false, open_to)) return wait_result::not_equal;
  return park_quietly(node, deadline_ns, why);
}

namespace {

// Claims the waiter of node, which is unlinked first: once claimed, the node may be gone. True: the wait
// ended by this; if its goroutine must be made runnable, it stands in `ready`.
bool claim_node(bucket& b, wait_node* node, claim_state how, g_queue& ready) noexcept RT0_REQUIRES(b.lock) {
  const wait_ticket ticket = node->ticket;
  unlink(b, *node);
  const claimed outcome = try_claim(ticket, how);
  if (outcome == claimed::won_parked) ready.push_back(ticket.gp);
  return outcome != claimed::lost;
}

// Without the bucket's lock: waking an M may take a system call, or make a thread.
void make_ready(g_queue& ready) noexcept {
  while (g* gp = ready.pop()) goready(gp);
}

}  // namespace

int wake(const void* address, int count) noexcept {
  bucket& b = bucket_of(address);
  g_queue ready;
  int woken = 0;
  {
    lock_guard hold(b.lock);
    for (wait_node* node = b.head; node != nullptr && woken < count;) {
      wait_node* next = node->next;
      if (node->address == address && claim_node(b, node, claim_state::woken, ready)) woken++;
      node = next;
    }
  }
  make_ready(ready);
  return woken;
}

void release_to_waiter(std::atomic<std::uint32_t>& word, std::uint32_t free) noexcept {
  bucket& b = bucket_of(&word);
  g_queue ready;
  {
    lock_guard hold(b.lock);
    bool released = false, found = false;
    for (wait_node* node = b.head; node != nullptr && !found;) {
      wait_node* next = node->next;
      if (node->address == &word) {
        const bool hand = node->impatient && !released;
        if (!hand && !released) {
          word.store(free, std::memory_order_release);  // pairs with: lock_word's acquiring operations
          released = true;
        }
        found = claim_node(b, node, hand ? claim_state::handed : claim_state::woken, ready);
      }
      node = next;
    }
    // pairs with: lock_word's acquiring operations
    if (!released && !found) word.store(free, std::memory_order_release);
  }
  make_ready(ready);
}

void visit_waiters(void (*visit)(const g*, const void*, void*),
                   void* arg) noexcept RT0_NO_THREAD_SAFETY_ANALYSIS {
  for (bucket& b : table) {
    for (const wait_node* node = b.head; node != nullptr; node = node->next) {
      visit(node->ticket.gp, node->address, arg);
    }
  }
}

void wait_table_fork_child() noexcept {
  for (bucket& b : table) new (&b) bucket;
}

}  // namespace rt0
