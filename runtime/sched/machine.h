// Ms: how they are made, sleep and are woken, and how a P changes hands. Go's proc.go newm, startm, stopm,
// handoffp, acquirep.
//
//   (none) --newm--> running --stopm--> idle, asleep on m->park --startm--> running
//
// An M with a P and without a goroutine is spinning (it looks for work, sched.nmspinning counts it) or about
// to idle. At least one M spins while there is a P to be had and work was submitted since (wakep); who finds
// work stops spinning and wakes the next spinner. A submitter and an M that gives up cannot miss each other
// (tests/models/spinning.pml):
//
//   submitter: work is on a queue;  fence;  nmspinning == 0 and npidle > 0?  wake one
//   idler:     P to the idle list;  nmspinning-- if it spun;  fence;  any queue not empty?  take a P again
//
// Go's Ms look again only if they spun, and its submitters leave `needspinning` for the others, which costs a
// lock where all Ps are busy. Here every idler looks.
#pragma once
#include "runtime/sched/sched.h"

namespace rt0 {

// The running M takes pp, or gives its P away. Both on an M that is not in a P's hands otherwise.
void acquirep(p* pp) noexcept;
// The M has pp, or none, and with it the cache of its heap.
inline void set_p(m* mp, p* pp) noexcept {
  mp->p = pp;
  mp->mcache = pp != nullptr ? mcache_of(pp) : nullptr;
}
p* releasep() noexcept;

// The idle list of Ps. pidleget: nullptr if there is none.
void pidleput(p* pp) noexcept RT0_REQUIRES(sched.lock);
p* pidleget() noexcept RT0_REQUIRES(sched.lock);

// gomaxprocs, the control group's bound included, which is asked for when it is first needed.
int settled_procs() noexcept;

// Makes an M run pp; nullptr: any idle P, or nothing if there is none. `spinning`: the caller has raised
// nmspinning for it. Blocks the M while it makes a kernel thread (20 us) if none is idle.
void startm(p* pp, bool spinning) noexcept;
// The running M sleeps until startm gives it a P. On g0.
void stopm() noexcept;
// The same in parts, for a locked M: only the sleep, and taking the P that came with the wake-up.
void park_m() noexcept;

// pp's M blocks, or the world stops: pp goes to another M if there is work for it, else to the idle list.
void handoffp(p* pp) noexcept;

// Wakes or makes an M to look for work, unless one is looking or no P is idle. The work is on a queue;
// _published: by an operation that was a full barrier (StoreLoad against the spinner above).
void wakep() noexcept;
void wakep_published() noexcept;

// A new M with a kernel thread of its own, which runs start (if any) and then schedules with pp (if any).
// Reports and exits where the limit of Ms or of the system is reached.
void newm(void (*start)(), p* pp, bool spinning) noexcept;

// The M's first steps on its own thread: signals, start function, P. Returns with a P.
void minit(m* mp) noexcept;

// Gives a fresh m its id and its place in allm. "thread exhaustion" beyond sched.maxmcount.
void mcommoninit(m* mp) noexcept;

}  // namespace rt0
