// Cancellation points: waiting for descriptors, children and signals.
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/libc/members/cancellation_point.h"

POINT(int, poll, (pollfd * fds, nfds_t count, int ms), (fds, count, ms))
POINT(int, ppoll, (pollfd * fds, nfds_t count, const timespec* time, const sigset_t* mask),
      (fds, count, time, mask))
POINT(int, select, (int count, fd_set* in, fd_set* out, fd_set* error, timeval* time),
      (count, in, out, error, time))
POINT(int, pselect,
      (int count, fd_set* in, fd_set* out, fd_set* error, const timespec* time, const sigset_t* mask),
      (count, in, out, error, time, mask))
POINT(int, epoll_wait, (int fd, epoll_event* events, int count, int ms), (fd, events, count, ms))
POINT(int, epoll_pwait, (int fd, epoll_event* events, int count, int ms, const sigset_t* mask),
      (fd, events, count, ms, mask))
POINT(pid_t, wait, (int* status), (status))
POINT(pid_t, waitpid, (pid_t child, int* status, int flags), (child, status, flags))
POINT(int, waitid, (idtype_t kind, id_t id, siginfo_t* info, int flags), (kind, id, info, flags))
POINT(int, pause, (), ())
POINT(int, sigsuspend, (const sigset_t* mask), (mask))
POINT(int, sigpause, (int signal), (signal))
POINT(ssize_t, getrandom, (void* to, size_t bytes, unsigned flags), (to, bytes, flags))
