// Named semaphores are for several processes, whose goroutines do not know each other: the system call that
// this library would need is not there, and it says so (ENOSYS), as POSIX has it for systems without them.
#include <errno.h>
#include <semaphore.h>

#include "runtime/base/export.h"

namespace {

int refuse(int error) noexcept {
  errno = error;
  return -1;
}

}  // namespace

RT0_EXPORT sem_t* sem_open(const char*, int, ...) noexcept {
  refuse(ENOSYS);
  return SEM_FAILED;
}

RT0_EXPORT int sem_close(sem_t*) noexcept { return refuse(EINVAL); }  // none was opened
RT0_EXPORT int sem_unlink(const char*) noexcept { return refuse(ENOSYS); }
