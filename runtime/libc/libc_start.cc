// Source: musl 1.2.3, what __init_libc leaves behind; differs: no TLS and no canary (level zero made them),
// and the process counts as threaded from the start, so that every FILE and every table has its lock.
//
// An empty main takes two members of musl through this file: libc.lo and __environ.lo.
#include "runtime/libc/libc_start.h"

#include <elf.h>

#include <atomic>

#include "runtime/base/export.h"
#include "runtime/base/fatal.h"
#include "runtime/libc/musl_abi.h"
#include "sys/fd.h"

using rt0::libc::musl_file;

extern "C" {
extern char** __environ;
extern char *__progname, *__progname_full;
[[gnu::visibility("hidden")]] extern std::size_t __hwcap;

// Each is defined where its stream is; otherwise by stdio's flush, as a null pointer, or not at all.
[[gnu::weak, gnu::visibility("hidden")]] extern musl_file* volatile __stdin_used;
[[gnu::weak, gnu::visibility("hidden")]] extern musl_file* volatile __stdout_used;
[[gnu::weak, gnu::visibility("hidden")]] extern musl_file* volatile __stderr_used;

// Weak: a program that writes by stdio links it (musl's __towrite refers to it), others do not. The name
// __stdio_exit would pull the archive's other member of that name's users (T17).
[[gnu::weak, gnu::visibility("hidden")]] void __stdio_exit_needed();
}

namespace rt0::libc {
namespace {

struct ids {
  std::size_t uid, euid, gid, egid, secure;
};

// As the kernel's AT_SECURE, which very old kernels lack.
bool is_secure(const ids& i) noexcept { return i.secure != 0 || i.uid != i.euid || i.gid != i.egid; }

void set_program_name(const char* argv0) noexcept {
  __progname_full = __progname = const_cast<char*>(argv0);
  for (const char* p = argv0; *p != 0; p++) {
    if (*p == '/') __progname = const_cast<char*>(p + 1);
  }
}

// musl begins the standard streams as never locked (-1) and unlocks them when the first thread is made: now.
void make_lockable(musl_file* stream) noexcept {
  // Before the second M exists; relaxed.
  if (stream != nullptr) std::atomic_ref(stream->lock).store(0, std::memory_order_relaxed);
}

}  // namespace

void libc_start(char** envp, const char* argv0, const std::size_t* auxv) noexcept {
  __environ = envp;
  __libc.auxv = auxv;
  ids who{};
  const char* executable = "";
  for (const std::size_t* p = auxv; p[0] != AT_NULL; p += 2) {
    switch (p[0]) {
      case AT_HWCAP: __hwcap = p[1]; break;
      case AT_PAGESZ: __libc.page_bytes = p[1]; break;
      case AT_EXECFN: executable = reinterpret_cast<const char*>(p[1]); break;
      case AT_UID: who.uid = p[1]; break;
      case AT_EUID: who.euid = p[1]; break;
      case AT_GID: who.gid = p[1]; break;
      case AT_EGID: who.egid = p[1]; break;
      case AT_SECURE: who.secure = p[1]; break;
      default: break;
    }
  }
  set_program_name(argv0 != nullptr ? argv0 : executable);
  __libc.can_do_threads = __libc.threaded = __libc.need_locks = 1;
  for (int i = 0; i < 3; i++) make_lockable(standard_stream(i));
  if (is_secure(who)) {
    __libc.secure = 1;
    // Else the first file that such a program opens becomes its stderr, and its caller's messages land there.
    ensure(sys::open_standard_fds(), "cannot open /dev/null as a standard descriptor");
  }
}

void* libc_locale() noexcept { return &__libc.global_locale; }

musl_file* standard_stream(int i) noexcept {
  musl_file* volatile* const stream = i == 0 ? &__stdin_used : i == 1 ? &__stdout_used : &__stderr_used;
  return stream != nullptr ? *stream : nullptr;
}

void libc_flush() noexcept {
  if (__stdio_exit_needed != nullptr) __stdio_exit_needed();
}

}  // namespace rt0::libc
