// sysconf: glibc's names, and the truth about this C library and this process.
//
// In place of musl's, which knows neither _SC_SIGSTKSZ nor _SC_MINSIGSTKSZ: with glibc >= 2.34 headers
// SIGSTKSZ is a call of sysconf, and doctest allocates that many bytes (T14). An option that rt0 lacks is
// -1 with errno untouched, an unknown name -1 with EINVAL. get_nprocs() and
// std::thread::hardware_concurrency() end here.
#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "runtime/base/export.h"
#include "runtime/libc/members/sysconf_cache.h"

// By hand: <sys/auxv.h> may be rt0's own sys/auxv.h, by a compiler's -I.
extern "C" unsigned long getauxval(unsigned long) noexcept;

namespace {

constexpr long page_bytes = 4096;

struct fixed {
  int name;
  long value;
};

// Where user programs hold glibc's number as a constant, that one; else musl's own limit.
constexpr fixed limits[] = {
    {_SC_CLK_TCK, 100},
    {_SC_NGROUPS_MAX, 65536},
    {_SC_TZNAME_MAX, 6},
    {_SC_JOB_CONTROL, 1},
    {_SC_SAVED_IDS, 1},
    {_SC_MQ_PRIO_MAX, 32768},
    {_SC_SEM_VALUE_MAX, INT_MAX},
    {_SC_BC_BASE_MAX, 99},
    {_SC_BC_DIM_MAX, 2048},
    {_SC_BC_SCALE_MAX, 99},
    {_SC_BC_STRING_MAX, 1000},
    {_SC_COLL_WEIGHTS_MAX, 2},
    {_SC_EXPR_NEST_MAX, 32},
    {_SC_LINE_MAX, 2048},
    {_SC_RE_DUP_MAX, 255},
    {_SC_CHARCLASS_NAME_MAX, 14},
    {_SC_IOV_MAX, 1024},
    {_SC_GETGR_R_SIZE_MAX, 1024},
    {_SC_GETPW_R_SIZE_MAX, 1024},
    {_SC_LOGIN_NAME_MAX, 256},
    {_SC_TTY_NAME_MAX, 32},
    {_SC_THREAD_DESTRUCTOR_ITERATIONS, 4},
    {_SC_THREAD_KEYS_MAX, 1024},
    {_SC_THREAD_STACK_MIN, 16384},
    {_SC_ATEXIT_MAX, INT_MAX},
    {_SC_PASS_MAX, 128},
    {_SC_XOPEN_VERSION, 700},
    {_SC_XOPEN_XCU_VERSION, 4},
    {_SC_CHAR_BIT, CHAR_BIT},
    {_SC_CHAR_MAX, CHAR_MAX},
    {_SC_CHAR_MIN, CHAR_MIN},
    {_SC_INT_MAX, INT_MAX},
    {_SC_INT_MIN, INT_MIN},
    {_SC_LONG_BIT, 64},
    {_SC_WORD_BIT, 32},
    {_SC_MB_LEN_MAX, MB_LEN_MAX},
    {_SC_NZERO, 20},
    {_SC_SSIZE_MAX, SSIZE_MAX},
    {_SC_SCHAR_MAX, SCHAR_MAX},
    {_SC_SCHAR_MIN, SCHAR_MIN},
    {_SC_SHRT_MAX, SHRT_MAX},
    {_SC_SHRT_MIN, SHRT_MIN},
    {_SC_UCHAR_MAX, UCHAR_MAX},
    {_SC_UINT_MAX, UINT_MAX},
    {_SC_USHRT_MAX, USHRT_MAX},
    {_SC_NL_ARGMAX, 9},
    {_SC_SYMLOOP_MAX, 40},
    {_SC_HOST_NAME_MAX, 64},
    {_SC_POLL, 1},
    {_SC_SELECT, 1},
    {_SC_XOPEN_ENH_I18N, 1},
    {_SC_XOPEN_SHM, 1},
    {_SC_XOPEN_UNIX, 1},
    {_SC_XBS5_LP64_OFF64, 1},
    {_SC_V6_LP64_OFF64, 1},
    {_SC_V7_LP64_OFF64, 1},
    {_SC_REGEXP, 1},
    {_SC_SHELL, 1},
};

// Options of POSIX.1-2008 that rt0 has. Absent: timer_create, aio, priorities, process-shared and robust
// mutexes, a thread's CPU time (its goroutine shares a kernel thread with others) and stacks of the
// caller's.
constexpr int options[] = {
    _SC_REALTIME_SIGNALS,
    _SC_SYNCHRONIZED_IO,
    _SC_FSYNC,
    _SC_MAPPED_FILES,
    _SC_MEMLOCK,
    _SC_MEMLOCK_RANGE,
    _SC_MEMORY_PROTECTION,
    _SC_MESSAGE_PASSING,
    _SC_SEMAPHORES,
    _SC_SHARED_MEMORY_OBJECTS,
    _SC_VERSION,
    _SC_2_VERSION,
    _SC_2_C_BIND,
    _SC_2_C_VERSION,
    _SC_THREADS,
    _SC_THREAD_SAFE_FUNCTIONS,
    _SC_THREAD_ATTR_STACKSIZE,
    _SC_ADVISORY_INFO,
    _SC_BARRIERS,
    _SC_CLOCK_SELECTION,
    _SC_CPUTIME,
    _SC_MONOTONIC_CLOCK,
    _SC_READER_WRITER_LOCKS,
    _SC_SPIN_LOCKS,
    _SC_SPAWN,
    _SC_TIMEOUTS,
    _SC_IPV6,
    _SC_RAW_SOCKETS,
};

// -1: unlimited.
long limit_of(__rlimit_resource resource) noexcept {
  rlimit limit;
  if (getrlimit(resource, &limit) != 0 || limit.rlim_cur > LONG_MAX) return -1;
  return static_cast<long>(limit.rlim_cur);
}

// The kernel: a quarter of the stack's limit, at least 128 KiB, at most three quarters of 8 MiB.
long arg_max() noexcept {
  constexpr long least = 128 * 1024, most = 6 * 1024 * 1024;
  const long stack = limit_of(RLIMIT_STACK);
  return stack < 0 ? most : std::clamp(stack / 4, least, most);
}

// The CPUs that this process may use, which is what programs want of both names.
long cpu_count() noexcept {
  constexpr int most = 8192;  // the largest that Linux is built for
  unsigned long mask[most / 64] = {};
  long count = 0;
  if (sched_getaffinity(0, sizeof mask, reinterpret_cast<cpu_set_t*>(mask)) == 0) {
    for (unsigned long word : mask) count += __builtin_popcountl(word);
  }
  return std::max(count, 1l);
}

long pages(bool only_free) noexcept {
  struct sysinfo info;
  if (sysinfo(&info) != 0) return -1;
  return static_cast<long>((only_free ? info.freeram : info.totalram) * info.mem_unit / page_bytes);
}

long min_signal_stack() noexcept {
  constexpr long before_avx512 = 2048;
  return std::max(static_cast<long>(getauxval(AT_MINSIGSTKSZ)), before_avx512);
}

bool is_option(int name) noexcept {
  return std::find(std::begin(options), std::end(options), name) != std::end(options);
}

bool exists(int name) noexcept {
  return (name >= 0 && name <= _SC_LEVEL4_CACHE_LINESIZE) || (name >= _SC_IPV6 && name <= _SC_SIGSTKSZ);
}

}  // namespace

RT0_EXPORT long sysconf(int name) noexcept {
  switch (name) {
    case _SC_PAGESIZE: return page_bytes;
    case _SC_NPROCESSORS_CONF:
    case _SC_NPROCESSORS_ONLN: return cpu_count();
    case _SC_PHYS_PAGES: return pages(false);
    case _SC_AVPHYS_PAGES: return pages(true);
    case _SC_ARG_MAX: return arg_max();
    case _SC_OPEN_MAX: return limit_of(RLIMIT_NOFILE);
    case _SC_CHILD_MAX: return limit_of(RLIMIT_NPROC);
    case _SC_SIGQUEUE_MAX: return limit_of(RLIMIT_SIGPENDING);
    case _SC_RTSIG_MAX: return SIGRTMAX - SIGRTMIN + 1;
    case _SC_MINSIGSTKSZ: return min_signal_stack();
    case _SC_SIGSTKSZ: return std::max(4 * min_signal_stack(), 8192l);
    default: break;
  }
  if (name >= _SC_LEVEL1_ICACHE_SIZE && name <= _SC_LEVEL4_CACHE_LINESIZE)
    return rt0::libc::cache_value(name);
  if (is_option(name)) return _POSIX_VERSION;
  for (const fixed& limit : limits) {
    if (limit.name == name) return limit.value;
  }
  if (!exists(name)) errno = EINVAL;
  return -1;
}

// glibc's PTHREAD_STACK_MIN is a call by this name.
RT0_EXPORT long __sysconf(int) noexcept __attribute__((alias("sysconf")));
