// Cancellation points: message queues of System V and of POSIX.
#include <mqueue.h>
#include <sys/msg.h>

#include "runtime/libc/members/cancellation_point.h"

POINT(int, msgsnd, (int queue, const void* from, size_t bytes, int flags), (queue, from, bytes, flags))
POINT(ssize_t, msgrcv, (int queue, void* to, size_t bytes, long type, int flags),
      (queue, to, bytes, type, flags))
POINT(int, mq_send, (mqd_t queue, const char* from, size_t bytes, unsigned priority),
      (queue, from, bytes, priority))
POINT(ssize_t, mq_receive, (mqd_t queue, char* to, size_t bytes, unsigned* priority),
      (queue, to, bytes, priority))
POINT(int, mq_timedsend,
      (mqd_t queue, const char* from, size_t bytes, unsigned priority, const timespec* until),
      (queue, from, bytes, priority, until))
POINT(ssize_t, mq_timedreceive,
      (mqd_t queue, char* to, size_t bytes, unsigned* priority, const timespec* until),
      (queue, to, bytes, priority, until))
