// thrd_equal, alone and without <threads.h>, which defines it inline.
#include "runtime/base/export.h"

RT0_EXPORT int thrd_equal(unsigned long a, unsigned long b) { return a == b; }
