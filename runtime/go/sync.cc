// The core of <rt/sync.h>: its locks and words are the wait table's, as std::mutex's are.
#include "rt/abi/sync.h"

#include <limits>

#include "runtime/base/export.h"
#include "runtime/base/fatal.h"
#include "runtime/sched/interrupt.h"
#include "runtime/signal/attend.h"
#include "runtime/sync/lock_word.h"
#include "runtime/sync/once_word.h"
#include "runtime/sync/wait_table.h"

namespace rt0 {
namespace {

static_assert(sizeof(lock_word) == sizeof(std::uint32_t));

lock_word& as_lock(std::uint32_t* word) noexcept { return *reinterpret_cast<lock_word*>(word); }

wait_reason reason_of(rt0_word_kind kind) noexcept {
  switch (kind) {
    case rt0_word_condition: return wait_reason::condition;
    case rt0_word_read: return wait_reason::ownerless_read_lock;
    case rt0_word_write: return wait_reason::ownerless_write_lock;
    case rt0_word_semaphore: return wait_reason::semaphore;
    case rt0_word_group: return wait_reason::wait_group;
    case rt0_word_sleep: return wait_reason::sleep;
  }
  return wait_reason::none;
}

}  // namespace
}  // namespace rt0

using namespace rt0;

RT0_EXPORT bool rt0_lock_wait(std::uint32_t* word, std::int64_t deadline_ns) {
  return as_lock(word).lock(deadline_ns, wait_reason::ownerless_mutex);
}

RT0_EXPORT void rt0_lock_release(std::uint32_t* word) {
  if (!as_lock(word).locked()) fatal("sync: unlock of unlocked mutex");
  as_lock(word).unlock();
}

RT0_EXPORT bool rt0_word_wait(const std::uint32_t* word, std::uint32_t expected, std::int64_t deadline_ns,
                              rt0_word_kind kind) {
  return wait_if_equal(word, expected, deadline_ns, reason_of(kind)) != wait_result::timed_out;
}

// Handlers run when the stop token's callback is away: they may leave by siglongjmp.
RT0_EXPORT bool rt0_word_wait_stoppable(const std::uint32_t* word, std::uint32_t expected,
                                        std::int64_t deadline_ns, rt0_word_kind kind,
                                        const rt0_wait_hooks* hooks) {
  wait_node node;
  if (!enter_if_equal(node, word, expected, open_bits())) return true;
  wait_result how;
  {
    const handlers_deferred until_away;
    hooks->arm(hooks->self, node.ticket.gp, node.ticket.generation);
    how = park_quietly(node, deadline_ns, reason_of(kind));
    hooks->disarm(hooks->self);
  }
  attend();
  return how != wait_result::timed_out;
}

RT0_EXPORT void rt0_word_wake(const void* word, int count) { (void)wake(word, count); }

RT0_EXPORT bool rt0_once_begin(std::uint32_t* word) { return as_once(word).begin(); }
RT0_EXPORT void rt0_once_end(std::uint32_t* word, bool done) { as_once(word).end(done); }

RT0_EXPORT void rt0_sync_misuse(const char* what) { fatal(what); }
