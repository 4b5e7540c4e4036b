// The wait table: goroutines wait here for a word of memory, by its address. What a futex is to threads.
//
// Who should use it: every lock, condition and join that a user can see (pthread_*, the futex system call,
// stdio locks). Who should not: the scheduler itself (runtime/lock).
//
// Waiters are nodes on their own stacks, in a bucket chosen by the address, so that the word's owner may free
// the word as soon as wake() returns: nothing but the waiter's stack is touched afterwards (Go's semaroot;
// DESIGN section 5).
#pragma once
#include <atomic>
#include <cstdint>

#include "runtime/sched/park.h"

namespace rt0 {

// The key of the table's hash; before the first wait.
void wait_table_seed(std::uint64_t random) noexcept;

enum class wait_result { woken, handed, timed_out, interrupted, not_equal };

// Parks the running goroutine if *word == expected, until wake() chooses it or deadline_ns on CLOCK_MONOTONIC
// passes. The comparison and the entry into the table are one step against wake().
//
// Every wait here is open to signals: their handlers run before it returns, the goroutine being out of the
// table, and `interrupted` says that this, and nothing else, ended it. Who waits for a lock waits again.
wait_result wait_if_equal(const std::uint32_t* word, std::uint32_t expected, std::int64_t deadline_ns,
                          wait_reason why) noexcept;

// As wait_if_equal for a lock's word. An impatient waiter stands before all others, and release_to_waiter
// hands it the lock.
wait_result wait_for_lock(const std::uint32_t* word, std::uint32_t expected, std::int64_t deadline_ns,
                          wait_reason why, bool impatient) noexcept;
// Ends the holding of a lock that has waiters. The first waiter, if impatient, gets the lock as it is
// (handed); otherwise the word becomes `free`, and the first waiter competes for it. The word is not touched
// after it was freed.
void release_to_waiter(std::atomic<std::uint32_t>& word, std::uint32_t free) noexcept;

// As wait_if_equal, open to these bits of the goroutine's attention, and no handlers run: for who has
// something to take back first. He attends afterwards (signal/attend.h).
wait_result wait_quietly(const std::uint32_t* word, std::uint32_t expected, std::int64_t deadline_ns,
                         wait_reason why, std::uint8_t open_to) noexcept;

// A wait in two steps, for a condition variable: between them the caller gives up what the waker needs.
//
//   wait_node node;  enter(node, address);  ...unlock...  park(node, ...)      a wake() from enter() on is
//   not lost
struct wait_node {
  const void* address;
  wait_ticket ticket;
  wait_node* next;
  wait_node* previous;
  bool linked;
  bool impatient;
};
void enter(wait_node& node, const void* address) noexcept;
wait_result park(wait_node& node, std::int64_t deadline_ns, wait_reason why) noexcept;

// The two steps of wait_quietly, for who gives the node's ticket to others: they may claim it as cancelled,
// which looks like interrupted. False: the word has another value.
bool enter_if_equal(wait_node& node, const std::uint32_t* word, std::uint32_t expected,
                    std::uint8_t open_to) noexcept;
wait_result park_quietly(wait_node& node, std::int64_t deadline_ns, wait_reason why) noexcept;

// Makes up to count waiters of the address runnable, in the order in which they came; returns how many.
// Never parks.
int wake(const void* address, int count) noexcept;

// Every waiter with its address. In a report, when all other Ms are frozen: no lock is taken, and what is
// just being linked may be missed, or lead nowhere (the caller is guarded).
void visit_waiters(void (*visit)(const g* waiter, const void* address, void* arg), void* arg) noexcept;

// In a fork's child: nobody waits here.
void wait_table_fork_child() noexcept;

}  // namespace rt0
