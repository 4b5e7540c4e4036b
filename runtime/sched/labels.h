// Labels: keys and values that a program gives its goroutines, for reports (<rt/debug.h>).
//
// A goroutine's labels are a chain of immutable nodes, innermost first, g::labels. Each node is owned by the
// goroutines that have it as their innermost, and by the nodes inside it; so starting a goroutine shares the
// chain in O(1), and one that outlives the scope keeps what it began with.
//
//   newproc1        the new goroutine shares its maker's chain; one of kind system has none
//   thread_end      gives it up: a dead goroutine has none
//
// A program that uses no labels pays for a look at one global byte there, not for the G's cold line.
//
// Who reads another goroutine's labels (dumps) must know that it cannot move: the world is stopped, or it
// waits and nobody can wake it.
#pragma once
#include <atomic>
#include <cstddef>

#include "rt/abi/debug.h"
#include "runtime/sched/g.h"

namespace rt0 {

struct label_set : rt0_label {
  std::atomic<std::uint32_t> owners;
};

// Somebody has used labels in this process.   relaxed: who starts a goroutine has seen its own store
extern constinit std::atomic<bool> labels_in_use;

// set with one owner more; nullptr stays.
label_set* share_labels(label_set* set) noexcept;
// One owner less. On g: frees.
void release_labels(label_set* set) noexcept;

// gp, which does not run yet, gets maker's.
inline void inherit_labels(g* gp, const g* maker) noexcept {
  if (labels_in_use.load(std::memory_order_relaxed)) [[unlikely]]
    gp->labels = share_labels(maker->labels);
}
// gp ends, or was never started.
void forget_labels_slow(g* gp) noexcept;
inline void forget_labels(g* gp) noexcept {
  if (labels_in_use.load(std::memory_order_relaxed)) [[unlikely]]
    forget_labels_slow(gp);
}

// For dumps: gp's labels, innermost first, as `for (auto* l = first_label(gp); l; l = next_label(gp, l))`,
// without those that an inner one of the same key hides. l->text is the key, and value_of(l) its value.
const rt0_label* first_label(const g* gp) noexcept;
const rt0_label* next_label(const g* gp, const rt0_label* l) noexcept;
inline const char* value_of(const rt0_label* l) noexcept { return l->text + l->key_bytes + 1; }

}  // namespace rt0
