// pthread_equal, alone and without <pthread.h>, which defines it inline.
#include "runtime/base/export.h"

RT0_EXPORT int pthread_equal(unsigned long a, unsigned long b) { return a == b; }
