/* System calls and the P: entersyscall, exitsyscall, sysmon's retake, hand-off.
 *
 * Two goroutines make two system calls and one, on one or two Ps and four Ms, while sysmon takes Ps away from
 * whoever is in one. Goroutine 0's calls may last until goroutine 1 has finished: then only a retaken P can
 * run it.
 *
 * Properties: a P has one owner at any time (acquirep's and releasep's assertions); both goroutines finish:
 * one that comes back from a system call and finds no P is not lost.
 *
 *   MUTANT exit_stores: (pstatus[pp]==
 *   MUTANT status_before_m: assertion violated ((pm[pp]==255)&&(mp_p[me]==255))
 *   MUTANT handoff_looks_once: assertion violated ((where[0]==102)&&(where[1]==102))
 *   MUTANT exit_queues_unlocked: assertion violated ((where[0]==102)&&(where[1]==102))
 */
#define NP 2
#define NM 4
#include "p_owner.pml"

init {
  atomic {
    calls[0] = 2;
    calls[1] = 1;
    if /* the other P is idle, was never used, or is not there */
    :: fresh_p = 2; on_pidle[1] = true
    :: fresh_p = 1
    :: fresh_p = 2
    fi;
    if
    :: slow = true
    :: slow = false
    fi;
    where[0] = ON_M; /* M 0 runs it on P 0, where goroutine 1 waits */
    where[1] = 0;
    pm[0] = 0;
    mp_p[0] = 0;
    pstatus[0] = RUNNING;
    run m(0, 0);
    run m(1, NONE);
    run m(2, NONE);
    run m(3, NONE);
    run judge();
    run sysmon()
  }
}
