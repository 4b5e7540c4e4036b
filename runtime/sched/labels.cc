#include "runtime/sched/labels.h"

#include <new>

#include "rt0/arch.h"
#include "runtime/base/export.h"
#include "runtime/base/fatal.h"
#include "runtime/base/text.h"
#include "runtime/mem/heap.h"

namespace rt0 {

constinit std::atomic<bool> labels_in_use{false};

namespace {

bool same_key(const rt0_label* a, const rt0_label* b) noexcept {
  if (a->key_bytes != b->key_bytes) return false;
  for (std::size_t i = 0; i < a->key_bytes; i++) {
    if (a->text[i] != b->text[i]) return false;
  }
  return true;
}

// The first from l on that no label of gp further in hides.
const rt0_label* shown(const g* gp, const rt0_label* l) noexcept {
  for (; l != nullptr; l = l->outer) {
    const rt0_label* inner = gp->labels;
    while (inner != l && !same_key(inner, l)) inner = inner->outer;
    if (inner == l) return l;
  }
  return nullptr;
}

label_set* outer_of(const label_set* set) noexcept {
  return const_cast<label_set*>(static_cast<const label_set*>(set->outer));
}

}  // namespace

label_set* share_labels(label_set* set) noexcept {
  if (set != nullptr) set->owners.fetch_add(1, std::memory_order_relaxed);
  return set;
}

void release_labels(label_set* set) noexcept {
  // acq_rel: who frees a node comes after all who read it
  while (set != nullptr && set->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    label_set* outer = outer_of(set);
    heap_free(set);
    set = outer;
  }
}

void forget_labels_slow(g* gp) noexcept {
  label_set* set = gp->labels;
  gp->labels = nullptr;
  release_labels(set);
}

const rt0_label* first_label(const g* gp) noexcept { return shown(gp, gp->labels); }
const rt0_label* next_label(const g* gp, const rt0_label* l) noexcept { return shown(gp, l->outer); }

}  // namespace rt0

using namespace rt0;

RT0_EXPORT const rt0_label* rt0_label_push(const char* key, std::size_t key_bytes, const char* value,
                                           std::size_t value_bytes) noexcept {
  void* at = heap_alloc(sizeof(label_set) + key_bytes + 1 + value_bytes + 1);
  if (at == nullptr) return nullptr;
  char* text = static_cast<char*>(at) + sizeof(label_set);
  __builtin_memcpy(text, key, key_bytes);
  text[key_bytes] = 0;
  __builtin_memcpy(text + key_bytes + 1, value, value_bytes);
  text[key_bytes + 1 + value_bytes] = 0;
  labels_in_use.store(true, std::memory_order_relaxed);
  g* gp = getg();
  gp->labels = new (at) label_set{{gp->labels, key_bytes, value_bytes, text}, 1};
  return gp->labels;
}

RT0_EXPORT void rt0_label_pop(const rt0_label* label) noexcept {
  g* gp = getg();
  label_set* set = gp->labels;
  if (set != label) fatal("rt::debug::label_scope: not the innermost scope of its goroutine");
  gp->labels = share_labels(outer_of(set));
  release_labels(set);
}

RT0_EXPORT const rt0_label* rt0_labels() noexcept { return getg()->labels; }
