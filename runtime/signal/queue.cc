#include "runtime/signal/queue.h"

#include "runtime/mem/heap.h"
#include "runtime/sched/signal.h"
#include "sys/process.h"

namespace rt0 {

constinit mutex<lock_rank::signals> signal_lock;

namespace {

constinit std::atomic<std::uint64_t> nodes{0};

// Which of these is taken first.
int first_of(sys::sigset set) noexcept {
  const sys::sigset faults = set & fault_signals;
  return __builtin_ctzll(faults != 0 ? faults : set) + 1;
}

}  // namespace

signal_node* make_node(const siginfo_t& info) noexcept {
  if (nodes.fetch_add(1, std::memory_order_relaxed) >= sys::limit_of(sys::resource::signals_pending).soft) {
    nodes.fetch_sub(1, std::memory_order_relaxed);
    return nullptr;
  }
  auto* node = static_cast<signal_node*>(heap_alloc(sizeof(signal_node)));
  if (node == nullptr) {
    nodes.fetch_sub(1, std::memory_order_relaxed);
    return nullptr;
  }
  node->next = nullptr;
  node->info = info;
  return node;
}

void free_node(signal_node* node) noexcept {
  if (node == nullptr) return;
  nodes.fetch_sub(1, std::memory_order_relaxed);
  heap_free(node);
}

void free_nodes(signal_node* first) noexcept {
  while (first != nullptr) {
    signal_node* next = first->next;
    free_node(first);
    first = next;
  }
}

signal_node* put(signal_queue& queue, int signal, signal_node* node) noexcept {
  const sys::sigset bit = sys::sig_bit(signal);
  if (signal < first_real_time && (queue.pending & bit) != 0) return node;
  queue.pending |= bit;
  if (node == nullptr) return nullptr;
  (queue.first != nullptr ? queue.last->next : queue.first) = node;
  queue.last = node;
  return nullptr;
}

int take(signal_queue& queue, sys::sigset of, signal_node** node) noexcept {
  *node = nullptr;
  if ((queue.pending & of) == 0) return 0;
  const int signal = first_of(queue.pending & of);
  bool more = false;
  signal_node* before = nullptr;
  for (signal_node *at = queue.first, *last = nullptr; at != nullptr; last = at, at = at->next) {
    if (at->info.si_signo != signal) continue;
    if (*node == nullptr) {
      *node = at;
      before = last;
    } else {
      more = true;
      break;
    }
  }
  if (signal_node* found = *node) {
    (before != nullptr ? before->next : queue.first) = found->next;
    if (queue.last == found) queue.last = before;
    found->next = nullptr;
  }
  if (!more) queue.pending &= ~sys::sig_bit(signal);
  return signal;
}

signal_node* take_all(signal_queue& queue, sys::sigset of) noexcept {
  signal_node *gone = nullptr, *kept = nullptr;
  for (signal_node *at = queue.first, *next = nullptr; at != nullptr; at = next) {
    next = at->next;
    if ((of & sys::sig_bit(at->info.si_signo)) != 0) {
      at->next = gone;
      gone = at;
    } else {
      (kept != nullptr ? kept->next : queue.first) = at;
      kept = at;
    }
  }
  if (kept != nullptr) kept->next = nullptr;
  if (kept == nullptr) queue.first = nullptr;
  queue.last = kept;
  queue.pending &= ~of;
  return gone;
}

}  // namespace rt0
