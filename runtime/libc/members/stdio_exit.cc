// What exit does with stdio: writes out what the streams hold, and gives back what was read too far. musl's
// __stdio_exit; differs: it waits for a FILE's lock only as long as whoever holds it runs (rt0_lock_at_exit).
// A thread that waits in a read of stdin must not keep the process from its end.
#include <stdio.h>

#include "runtime/base/export.h"
#include "runtime/libc/members/core_abi.h"
#include "runtime/libc/musl_abi.h"

using rt0::libc::musl_file;

extern "C" {
[[gnu::visibility("hidden")]] musl_file** __ofl_lock();
[[gnu::weak, gnu::visibility("hidden")]] musl_file* volatile __stdin_used = nullptr;
[[gnu::weak, gnu::visibility("hidden")]] musl_file* volatile __stdout_used = nullptr;
[[gnu::weak, gnu::visibility("hidden")]] musl_file* volatile __stderr_used = nullptr;
}

namespace {

void finish(musl_file* f) {
  if (f == nullptr || !rt0_lock_at_exit(f)) return;
  if (f->wpos != f->wbase) f->write(f, nullptr, 0);
  if (f->rpos != f->rend) f->seek(f, f->rpos - f->rend, SEEK_CUR);
}

}  // namespace

// The list stays locked: what is opened from now on is not flushed.
extern "C" [[gnu::visibility("hidden")]] void __stdio_exit_needed() {
  for (musl_file* f = *__ofl_lock(); f != nullptr; f = f->next) finish(f);
  finish(__stdin_used);
  finish(__stdout_used);
  finish(__stderr_used);
}
