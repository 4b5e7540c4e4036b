// sched: the scheduler's global state, and the lists of everything. Go's runtime2.go schedt.
#pragma once
#include <atomic>
#include <cstdint>

#include "runtime/lock/mutex.h"
#include "runtime/lock/note.h"
#include "runtime/mem/cache.h"
#include "runtime/sched/debugger_table.h"
#include "runtime/sched/g.h"
#include "runtime/sched/m.h"
#include "runtime/sched/p.h"

namespace rt0 {

inline constexpr int max_procs = 1024;
inline constexpr std::uint64_t goid_batch = 16;
inline constexpr std::uint64_t main_goid = 1;

// Goroutines in a list linked by schedlink, first in first out.
struct g_queue {
  g* head = nullptr;
  g* tail = nullptr;
  std::uint32_t size = 0;

  bool empty() const { return head == nullptr; }
  void push_back(g* gp) {
    gp->schedlink = nullptr;
    if (tail != nullptr) {
      tail->schedlink = gp;
    } else {
      head = gp;
    }
    tail = gp;
    size++;
  }
  g* pop() {
    g* gp = head;
    if (gp == nullptr) return nullptr;
    head = gp->schedlink;
    if (head == nullptr) tail = nullptr;
    prefetch(gp->ahead);
    size--;
    return gp;
  }
};

struct netpoller;

// What rt::notify (runtime/chan/notify.cc) gives the rooms below it.
struct signal_listeners {
  bool (*tell)(int signal) noexcept;  // with signal_lock. True: somebody was told
  bool (*any)() noexcept;             // somebody waits to be told
};

struct schedt {
  std::atomic<std::uint64_t> goidgen{0};
  std::int64_t maxmcount = 0;
  std::atomic<std::int32_t> ngsys{0};     // goroutines of kind system
  std::atomic<std::int64_t> nthreads{0};  // goroutines of kind thread that have not ended
  std::atomic<bool> main_gone{false};     // goroutine 1 ended by rt::goexit
  bool world_stopped = false;
  std::int32_t pid = 0;                   // of the process; asked for with the second M
  std::uint64_t last_goid_of_parent = 0;  // in a fork's child; 0: this process is nobody's fork
  g* forked = nullptr;                    // the goroutine that came along
  // When the process was found to die (unwind/fatal.h), by CLOCK_MONOTONIC, for who reads its core.
  std::atomic<std::int64_t> died_at_ns{0};

  // Held while an M is made, from before it is in allm until its thread exists, and by who asks all of them.
  mutex<lock_rank::births> births;
  std::atomic<sys::sigset> sigmask{0};  // every M's kernel mask; written under births, after the start

  std::atomic<std::int32_t> attentive{0};     // goroutines that a signal waits for: interrupt.h
  std::atomic<sys::sigset> handled{0};        // signals for which the program has a handler
  std::atomic<std::int32_t> signal_waits{0};  // goroutines in sigwait, pause and the like
  std::atomic<const signal_listeners*> listeners{nullptr};

  mutex<lock_rank::sched> lock;

  // Runnable goroutines that no P has. The size is read without the lock as a hint.
  g_queue runq RT0_GUARDED_BY(lock);
  std::atomic<std::uint32_t> runqsize{0};

  // Idle Ps: those that ran, and those that never did, [fresh_p, gomaxprocs).
  p* pidle RT0_GUARDED_BY(lock) = nullptr;
  std::atomic<std::int32_t> npidle{0};   // written under the lock
  std::atomic<std::int32_t> fresh_p{0};  // written under the lock; Ps below it may hold something
  std::int32_t gomaxprocs = 0;           // written under the lock while the world is stopped or one M exists
  bool procs_settled = false;            // the cgroup's quota was asked, or somebody chose the number

  m* midle RT0_GUARDED_BY(lock) = nullptr;
  std::int32_t nmidle RT0_GUARDED_BY(lock) = 0;        // Ms that wait for work
  std::int32_t nmidlelocked RT0_GUARDED_BY(lock) = 0;  // locked Ms that wait for their goroutine
  std::int64_t mcount RT0_GUARDED_BY(lock) = 0;
  std::int64_t nmsys RT0_GUARDED_BY(lock) = 0;  // Ms that run no goroutines: sysmon
  std::atomic<m*> allm{nullptr};                // pushed under the lock, never removed
  // Invariant: 2 * nmspinning <= busy Ps + 1; raised before an M is woken to spin, so that a second submitter
  // sees it.
  std::atomic<std::int32_t> nmspinning{0};

  // The poller: the one idle M that sleeps with a deadline. 0: it is asleep, or about to be.
  std::atomic<std::int64_t> lastpoll_ns{0};
  std::atomic<std::int64_t> poll_until_ns{0};  // its deadline; 0 while it is not known
  note poll_break;
  // Where the poller waits for descriptors too; nullptr until the first such wait.
  std::atomic<const netpoller*> netpoll{nullptr};
  std::atomic<std::int32_t> netpoll_pending{0};  // operations that have not come back

  // Stopping the world.
  std::atomic<bool> gcwaiting{false};
  std::int32_t stopwait RT0_GUARDED_BY(lock) = 0;  // Ps that have not stopped yet
  note stopnote;

  std::atomic<bool> sysmon_started{false};
  // Seconds on CLOCK_MONOTONIC, kept by sysmon, for those who want to know about when. 0: sysmon sleeps, or
  // is not there; who wants to know asks the clock.
  std::atomic<std::uint32_t> now_s{0};
  std::atomic<bool> sysmonwait{false};  // sysmon sleeps until a P is used again; written under the lock
  note sysmonnote;
};

extern constinit schedt sched;

// In a fork's child: a goroutine of the parent's that did not come along. What its status says is history.
inline bool left_behind(const g* gp) noexcept {
  return gp->goid <= sched.last_goid_of_parent && gp != sched.forked;
}

// P 0 lies among the small variables that every start touches, the others in a table behind them.
extern constinit p p0;
extern constinit p other_p[max_procs - 1];
inline p& p_at(int i) { return i == 0 ? p0 : other_p[i - 1]; }
// The heap's cache of each P. Not in it: P 0 would push other variables of a start into one more page.
extern constinit heap_cache mcaches[max_procs];
inline heap_cache* mcache_of(const p* pp) { return &mcaches[pp->id]; }

// g0 of m0 with its TLS room, and m0: named by rt0_go.
struct alignas(64) g0_block {
  std::byte tls[G0_TLS_ROOM];
  g g0;
};
extern "C" {
extern constinit g0_block rt0_g0_block;
extern constinit m rt0_m0;
}

// All goroutines ever made; a place, once given, keeps its G. Index i holds the G of index i + 1.
extern constinit allg_table allgs;
extern constinit std::atomic<allg_table::block*> allg_blocks[allg_table::max_blocks];
void allgadd(g* gp) noexcept;
std::uint32_t allg_count() noexcept;
g* allg_at(std::uint32_t i) noexcept;

// Whose thread's id is the process's: goroutine 1, in a fork's child who forked.
inline g* main_goroutine() noexcept { return sched.forked != nullptr ? sched.forked : allg_at(0); }

}  // namespace rt0
