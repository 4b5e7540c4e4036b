// The blocking table: calls that wait for other processes, or for memory that must be read in.
#include "runtime/libc/members/calls.h"

struct iovec;
struct rusage;
struct sembuf;
struct timespec;

RT0_CALL(int, klogctl, (int what, char* to, int room), SYS_syslog, what, to, room);
RT0_CALL(int, mlock, (const void* at, size_t bytes), SYS_mlock, at, bytes);
RT0_CALL(int, mlock2, (const void* at, size_t bytes, unsigned flags), SYS_mlock2, at, bytes, flags);
RT0_CALL(int, mlockall, (int flags), SYS_mlockall, flags);
RT0_CALL(int, semop, (int id, sembuf* operations, size_t count), SYS_semop, id, operations, count);
RT0_CALL(int, semtimedop, (int id, sembuf* operations, size_t count, const timespec* time), SYS_semtimedop,
         id, operations, count, time);
RT0_CALL(pid_t, wait4, (pid_t pid, int* status, int options, rusage* usage), SYS_wait4, pid, status, options,
         usage);
RT0_CALL(ssize_t, process_vm_readv,
         (pid_t pid, const iovec* to, unsigned long to_count, const iovec* from, unsigned long from_count,
          unsigned long flags),
         SYS_process_vm_readv, pid, to, to_count, from, from_count, flags);
RT0_CALL(ssize_t, process_vm_writev,
         (pid_t pid, const iovec* from, unsigned long from_count, const iovec* to, unsigned long to_count,
          unsigned long flags),
         SYS_process_vm_writev, pid, from, from_count, to, to_count, flags);
