// CPU_ALLOC and CPU_FREE of glibc's <sched.h>.
#include <sched.h>
#include <stdlib.h>

#include "runtime/base/export.h"

RT0_EXPORT cpu_set_t* __sched_cpualloc(std::size_t cpus) noexcept {
  return static_cast<cpu_set_t*>(calloc(1, CPU_ALLOC_SIZE(cpus)));
}
RT0_EXPORT void __sched_cpufree(cpu_set_t* set) noexcept { free(set); }
