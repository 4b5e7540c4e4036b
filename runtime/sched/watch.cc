#include "runtime/sched/watch.h"

#include "rt0/arch.h"
#include "runtime/base/debug_options.h"
#include "runtime/base/fatal.h"
#include "runtime/base/report.h"
#include "runtime/sched/m.h"
#include "runtime/sched/park.h"

namespace rt0 {
namespace {

constexpr std::uint64_t mark = 0xfeed'6f72'7421'c0de;

bool is_watched(const g* gp) noexcept {
  return (static_cast<std::uint32_t>(gp->status.load(std::memory_order_relaxed)) & gstatus_watched) != 0;
}

std::uint64_t mark_at(std::uintptr_t place) noexcept { return mark ^ place; }
std::uint64_t end_mark_of(const g* gp) noexcept {
  return mark_at(reinterpret_cast<std::uintptr_t>(&gp->end_mark));
}

// Its registers lie in its gobuf: nobody is on its stack.
bool is_off_its_stack(const g* gp) noexcept {
  return gp->m == nullptr && gp->sched.sp >= gp->stack.lo && gp->sched.sp < gp->stack.hi;
}

// status.h's last column.
bool may_move(const g* gp, gstatus from, gstatus to) noexcept {
  const m* mp = getm();
  const bool has_p = mp->p != nullptr;
  switch (from) {
    case gstatus::idle: return true;
    case gstatus::dead: return has_p && is_off_its_stack(gp);
    case gstatus::runnable: {
      const m* bound_to = gp->lockedm.load(std::memory_order_relaxed);
      return has_p && is_off_its_stack(gp) && (bound_to == nullptr || bound_to == mp);
    }
    case gstatus::running: return has_p && mp->curg == gp && gp->m == mp;
    case gstatus::syscall: return mp->curg == gp && gp->m == mp && (has_p || to == gstatus::runnable);
    case gstatus::waiting: {
      const claim_state how = state_of(gp->claim.word.load(std::memory_order_relaxed));
      return is_off_its_stack(gp) && how > claim_state::parked;
    }
  }
  return false;
}

// "goroutine 17: its G was written over". Static: a report's stack may be all there is.
constinit char words[96];
constinit std::size_t words_length = 0;

void add_words(const char* text, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes && words_length + 1 < sizeof words; i++) words[words_length++] = text[i];
}

[[noreturn]] void damaged(g* gp, const char* what) noexcept {
  gp->tcb.self = gp;  // for the report
  { report(add_words) << "goroutine " << gp->goid << ": " << what; }
  throw_(words);
}

[[noreturn]] void wrong_mover(const g* gp, gstatus from, gstatus to) noexcept {
  const m* mp = getm();
  {
    report() << "casgstatus: goroutine " << gp->goid << ": " << text_of(from) << " -> " << text_of(to)
             << " by m=" << mp->id << (mp->p != nullptr ? "" : " without a P") << ", which runs goroutine "
             << (mp->curg != nullptr ? mp->curg->goid : 0)
             << "; its own m=" << (gp->m != nullptr ? gp->m->id : -1) << "\n";
  }
  throw_("casgstatus: not this M's to move");
}

}  // namespace

void watch(g* gp) noexcept {
  gp->end_mark = end_mark_of(gp);
  mark_stack(gp->stack);
  gp->tcb.self = gp;
  gp->tcb.canary = getg()->tcb.canary;
  gp->status.store(with_watch(readgstatus(gp)), std::memory_order_release);  // pairs with: readgstatus
}

void mark_stack(stack_bounds stack) noexcept {
  *reinterpret_cast<std::uint64_t*>(stack.lo) = mark_at(stack.lo);
}

const char* damage_of(const g* gp) noexcept {
  if (debug.check == 0 || !is_watched(gp)) return nullptr;
  if (gp->tcb.self != gp || gp->tcb.canary != getm()->g0->tcb.canary || gp->end_mark != end_mark_of(gp)) {
    return "its G was written over";
  }
  const bool low_end = *reinterpret_cast<const std::uint64_t*>(gp->stack.lo) == mark_at(gp->stack.lo);
  return low_end ? nullptr : "its stack was used up, or written over";
}

void check_leaving() noexcept {
  g* gp = getm()->curg;
  if (const char* what = damage_of(gp)) damaged(gp, what);
}

void repair_for_report() noexcept {
  g* gp = getm()->curg;
  if (gp == nullptr || !is_watched(gp) || gp->tcb.self == gp) return;
  gp->tcb.self = gp;
  gp->end_mark = 0;
}

void move_with_care(g* gp, gstatus from, gstatus to) noexcept {
  gstatus expected = gp->status.load(std::memory_order_relaxed);
  if (!is_watched(gp) || state_in(expected) != from || !gstatus_edge(from, to)) bad_gstatus(gp, from, to);
  if (const char* what = damage_of(gp)) damaged(gp, what);
  if (!may_move(gp, from, to)) wrong_mover(gp, from, to);
  // release, pairs with: readgstatus load(acquire)
  if (!gp->status.compare_exchange_strong(expected, with_watch(to), std::memory_order_acq_rel,
                                          std::memory_order_relaxed)) {
    bad_gstatus(gp, from, to);
  }
}

}  // namespace rt0
