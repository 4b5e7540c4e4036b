#include "runtime/signal/directed.h"

#include "runtime/mem/heap.h"

namespace rt0 {
namespace {

struct directed {
  int timer;
  g* to;
  directed* next;
};
constinit directed* first RT0_GUARDED_BY(signal_lock) = nullptr;

// The entry goes out of the list. nullptr: there is none.
directed* unlink(int timer) noexcept RT0_REQUIRES(signal_lock) {
  for (directed** at = &first; *at != nullptr; at = &(*at)->next) {
    if ((*at)->timer != timer) continue;
    directed* found = *at;
    *at = found->next;
    return found;
  }
  return nullptr;
}

}  // namespace

bool direct_timer(int timer, g* to) noexcept {
  auto* fresh = to != nullptr ? static_cast<directed*>(heap_alloc(sizeof(directed))) : nullptr;
  directed* old = nullptr;
  bool known = false;
  {
    lock_guard hold(signal_lock);
    old = unlink(timer);
    known = old != nullptr;
    if (to != nullptr && fresh == nullptr) {
      fresh = old;
      old = nullptr;
    }
    if (fresh != nullptr) {
      *fresh = {timer, to, first};
      first = fresh;
    }
  }
  heap_free(old);
  return known || fresh != nullptr || to == nullptr;
}

g* directed_to(const siginfo_t& info) noexcept {
  if (info.si_code != SI_TIMER) return nullptr;
  lock_guard hold(signal_lock);
  for (const directed* at = first; at != nullptr; at = at->next) {
    if (at->timer == info.si_timerid) return at->to;
  }
  return nullptr;
}

}  // namespace rt0
