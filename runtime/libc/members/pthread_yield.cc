// pthread_yield: sched_yield by its older name.
#include <sched.h>

#include "runtime/base/export.h"

RT0_EXPORT int pthread_yield() { return sched_yield(); }
