// musl's two locks, for goroutines: __lock guards a table inside libc, __lockfile a FILE.
//
// In the core, although musl refers to them strongly: they stand on the wait table, whose names are local
// to the core.
//
// A FILE's lock word, musl's own values:
//
//   0                 -> owner            __lockfile, nobody there
//   owner             -> owner | waiters  another goroutine is going to wait
//   owner             -> 0                __unlockfile: no wake, nobody waits
//   owner | waiters   -> 0                __unlockfile, which then wakes one waiter
//   0                 -> owner | waiters  a goroutine that has waited: it cannot know whether it was the last
//
// The owner is its G's index, which is below 2^30 and given again only to the same G; a goid would not fit
// (traps 24). Unlike musl we keep no list of the FILEs that a thread holds: a goroutine that ends while
// holding one is the program's mistake, and the FILE stays locked.
#include "runtime/libc/stdio_lock.h"

#include <atomic>

#include "rt0/arch.h"
#include "runtime/base/export.h"
#include "runtime/libc/members/core_abi.h"
#include "runtime/libc/musl_abi.h"
#include "runtime/sched/park.h"
#include "runtime/sched/sched.h"
#include "runtime/sync/lock_word.h"
#include "runtime/sync/wait_table.h"

namespace rt0::libc {
namespace {

constexpr std::uint32_t nobody = 0;
constexpr std::uint32_t waiters = 0x40000000;

using file_word = std::atomic_ref<std::uint32_t>;

std::uint32_t self_index() noexcept { return static_cast<std::uint32_t>(getg()->tcb.tid); }

// Only the owner stores its own index, so what it reads here is true whatever others do meanwhile: no order
// needed.
bool is_mine(musl_file* f) noexcept {
  return (file_word(f->lock).load(std::memory_order_relaxed) & ~waiters) == self_index();
}

bool try_lock(musl_file* f) noexcept {
  std::uint32_t owner = nobody;
  // pairs with: __unlockfile exchange(release)
  return file_word(f->lock).compare_exchange_strong(owner, self_index(), std::memory_order_acquire,
                                                    std::memory_order_relaxed);
}

// May park. Each turn parks, or another goroutine took or released the lock since the last look.
void lock_slow(musl_file* f) noexcept {
  file_word word(f->lock);
  for (std::uint32_t owner = word.load(std::memory_order_relaxed);;) {
    if (owner == nobody) {
      // pairs with: __unlockfile exchange(release)
      if (word.compare_exchange_strong(owner, self_index() | waiters, std::memory_order_acquire,
                                       std::memory_order_relaxed)) {
        return;
      }
      continue;
    }
    // Announced before the wait, and compared again inside it: an unlock before it changes the word, one
    // after it wakes.
    if ((owner & waiters) == 0 &&
        !word.compare_exchange_strong(owner, owner | waiters, std::memory_order_relaxed,
                                      std::memory_order_relaxed)) {
      continue;
    }
    wait_if_equal(&f->lock, owner | waiters, forever, wait_reason::file_lock);
    owner = word.load(std::memory_order_relaxed);
  }
}

constexpr bool is_locked(std::uint32_t word) { return word != nobody && static_cast<std::int32_t>(word) > 0; }

lock_word& as_lock_word(volatile int* l) noexcept {
  return *reinterpret_cast<lock_word*>(const_cast<int*>(l));
}
static_assert(sizeof(lock_word) == sizeof(int) && alignof(lock_word) == alignof(int));

// How often exit lets a holder run that is not done: so many turns of everybody.
constexpr int exit_patience = 100;

// Its status; parked in a call on a descriptor (netpoll) is as good as in a system call.
gstatus status_of_holder(std::uint32_t word) noexcept {
  const g* gp = allg_at((word & ~waiters) - 1);
  const gstatus status = readgstatus(gp);
  return status == gstatus::waiting && gp->why == wait_reason::io ? gstatus::syscall : status;
}

}  // namespace

// A holder that runs will be done in a moment. One that waits for something else leaves the FILE alone, and
// may do so for ever: glibc does not wait either. One in a system call is reading, or is writing just what we
// would.
RT0_EXPORT bool rt0_lock_at_exit(musl_file* f) {
  for (int i = 0; i < exit_patience; i++) {
    const std::uint32_t word = file_word(f->lock).load(std::memory_order_relaxed);
    if (static_cast<std::int32_t>(word) < 0 || is_mine(f) || try_lock(f)) return true;
    if (word == nobody) continue;
    switch (status_of_holder(word)) {
      case gstatus::running:
      case gstatus::runnable: yield(); continue;
      case gstatus::syscall: return false;
      default: return true;
    }
  }
  return true;
}

void file_fork_child(musl_file* f) noexcept {
  if (!is_locked(f->lock) || is_mine(f)) return;
  file_word(f->lock).store(nobody, std::memory_order_relaxed);
  f->lock_depth = 0;
}

// 1 if this call took the lock, 0 if the goroutine held it already. On the goroutine's stack; may park.
RT0_EXPORT int __lockfile(musl_file* f) noexcept {
  if (is_mine(f)) return 0;
  if (!try_lock(f)) lock_slow(f);
  return 1;
}

// The exchange is the last touch of the FILE: fclose by the next owner may free it.
RT0_EXPORT void __unlockfile(musl_file* f) noexcept {
  // pairs with: try_lock and lock_slow (acquire)
  if ((file_word(f->lock).exchange(nobody, std::memory_order_release) & waiters) != 0) wake(&f->lock, 1);
}

RT0_EXPORT void flockfile(FILE* file) noexcept {
  musl_file* f = insides(file);
  if (__lockfile(f) == 0) f->lock_depth++;
}

RT0_EXPORT int ftrylockfile(FILE* file) noexcept {
  musl_file* f = insides(file);
  if (is_mine(f)) {
    f->lock_depth++;
    return 0;
  }
  return try_lock(f) ? 0 : -1;
}

RT0_EXPORT void funlockfile(FILE* file) noexcept {
  musl_file* f = insides(file);
  if (f->lock_depth != 0) {
    f->lock_depth--;
  } else {
    __unlockfile(f);
  }
}

// musl's tables (locale, time zone, open files, ...). The word begins as 0, which is lock_word's free.
RT0_EXPORT void __lock(volatile int* l) noexcept { as_lock_word(l).lock(forever, wait_reason::libc_lock); }
RT0_EXPORT void __unlock(volatile int* l) noexcept { as_lock_word(l).unlock(); }

}  // namespace rt0::libc
