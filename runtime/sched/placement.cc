#include "runtime/sched/placement.h"

#include <errno.h>
#include <sched.h>

#include <algorithm>

#include "rt0/arch.h"
#include "runtime/mem/heap.h"
#include "runtime/sched/locked_m.h"
#include "runtime/sched/preempt.h"

namespace rt0 {
namespace {

using sys::thread_placement;

constinit mutex<lock_rank::placement> place_lock;
// As all Ms were until the first was placed; written once, before that.
constinit thread_placement process_place{};
constinit std::atomic<bool> process_known{false};

void know_process() noexcept RT0_REQUIRES(place_lock) {
  if (process_known.load(std::memory_order_relaxed)) return;
  (void)sys::get_placement(0, process_place);
  process_known.store(true, std::memory_order_release);  // pairs with: place_as_process load(acquire)
}

// On the running M, for good.
int place_here(m* mp, const thread_placement& wanted) noexcept RT0_REQUIRES(place_lock) {
  mp->placed = true;
  return sys::set_placement(0, wanted).error();
}

// Whether the kernel would, on the running M and back.
int try_out(const thread_placement& wanted) noexcept RT0_REQUIRES(place_lock) {
  const m* mp = getm();
  const int error = sys::set_placement(0, wanted).error();
  (void)sys::set_placement(0, mp->placed ? *mp->lockedg->place : process_place);
  return error;
}

bool keep(g* gp, const thread_placement& place) noexcept RT0_REQUIRES(place_lock) {
  if (gp->place == nullptr) {
    gp->place = static_cast<thread_placement*>(heap_alloc(sizeof(thread_placement)));
    if (gp->place == nullptr) return false;
  }
  *gp->place = place;
  return true;
}

int place_self(g* gp, const thread_placement& wanted) noexcept RT0_REQUIRES(place_lock) {
  m* mp = getm();
  if (const int error = try_out(wanted); error != 0) return error;
  if (!keep(gp, wanted)) return ENOMEM;
  mp->lockedg = gp;
  gp->lockedm.store(mp, std::memory_order_release);  // pairs with: startlockedm load(acquire)
  return place_here(mp, wanted);
}

// A running gp comes by the scheduler soon.
void ask_to_give_way(const g* gp) noexcept {
  const int used = sched.fresh_p.load(std::memory_order_acquire);  // pairs with: pidleget's store(release)
  for (int i = 0; i < used; i++) {
    const m* mp = p_at(i).m.load(std::memory_order_relaxed);
    if (mp != nullptr && __atomic_load_n(&mp->curg, __ATOMIC_RELAXED) == gp) preemptone(&p_at(i));
  }
}

int place_other(g* gp, const thread_placement& wanted) noexcept RT0_REQUIRES(place_lock) {
  if (readgstatus(gp) == gstatus::dead) return ESRCH;
  if (const int error = try_out(wanted); error != 0) return error;
  if (!keep(gp, wanted)) return ENOMEM;
  m* bound = nullptr;
  // acq_rel: the place is read by who finds the mark.   pairs with: locked_m's bind
  if (gp->lockedm.compare_exchange_strong(bound, to_be_bound(), std::memory_order_acq_rel)) {
    ask_to_give_way(gp);
    return 0;
  }
  if (bound == to_be_bound()) return 0;
  bound->placed = true;
  return sys::set_placement(bound->procid, wanted).error();
}

thread_placement place_of(const g* gp) noexcept RT0_REQUIRES(place_lock) {
  return gp->place != nullptr ? *gp->place : process_place;
}

void take_cpus(thread_placement& place, const void* cpus, std::size_t bytes) noexcept {
  fill(place.cpus, 0, sizeof place.cpus);
  copy_forward(place.cpus, cpus, std::min(bytes, sizeof place.cpus));
}

int set(g* gp, const thread_placement& wanted) noexcept RT0_REQUIRES(place_lock) {
  return gp == getg() ? place_self(gp, wanted) : place_other(gp, wanted);
}

}  // namespace

int set_cpus(g* gp, const void* cpus, std::size_t bytes) noexcept {
  lock_guard hold(place_lock);
  know_process();
  thread_placement wanted = place_of(gp);
  take_cpus(wanted, cpus, bytes);
  return set(gp, wanted);
}

int set_policy(g* gp, int policy, int priority) noexcept {
  lock_guard hold(place_lock);
  know_process();
  thread_placement wanted = place_of(gp);
  if (gp->place == nullptr && wanted.policy == policy && wanted.priority == priority) return 0;
  wanted.policy = policy;
  wanted.priority = priority;
  return set(gp, wanted);
}

void get_place(const g* gp, thread_placement& place) noexcept {
  lock_guard hold(place_lock);
  know_process();
  place = place_of(gp);
}

int place_new(g* gp, const new_place& wanted) noexcept {
  const g* maker = getg();
  if (maker->place == nullptr && wanted.cpu_bytes == 0 && !wanted.explicit_policy) return 0;
  lock_guard hold(place_lock);
  know_process();
  thread_placement place = place_of(maker);
  if (wanted.cpu_bytes != 0) take_cpus(place, wanted.cpus, wanted.cpu_bytes);
  if (wanted.explicit_policy) {
    place.policy = wanted.policy;
    place.priority = wanted.priority;
  }
  if (maker->place == nullptr && place == process_place) return 0;
  if (const int error = try_out(place); error != 0) return error;
  if (!keep(gp, place)) return ENOMEM;
  gp->lockedm.store(to_be_bound(), std::memory_order_relaxed);  // published by the run queue
  return 0;
}

void take_place(m* mp, g* gp) noexcept {
  lock_guard hold(place_lock);
  if (gp->place != nullptr) (void)place_here(mp, *gp->place);
}

void forget_place(m* mp, g* gp) noexcept {
  lock_guard hold(place_lock);
  heap_free(gp->place);
  gp->place = nullptr;
  if (mp == to_be_bound() || !mp->placed) return;
  mp->placed = false;
  (void)sys::set_placement(0, process_place);
}

void unbind_unless_placed(m* mp, g* gp) noexcept {
  lock_guard hold(place_lock);
  if (gp->place != nullptr) return;
  mp->lockedg = nullptr;
  gp->lockedm.store(nullptr, std::memory_order_relaxed);
}

void place_as_process() noexcept {
  // pairs with: know_process store(release)
  if (process_known.load(std::memory_order_acquire)) (void)sys::set_placement(0, process_place);
}

}  // namespace rt0
