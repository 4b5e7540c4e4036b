// C11's thrd_exit.
#include <pthread.h>
#include <threads.h>

#include <cstdint>

#include "runtime/base/export.h"

RT0_EXPORT void thrd_exit(int result) {
  pthread_exit(reinterpret_cast<void*>(static_cast<std::intptr_t>(result)));
}
