// glibc's <execinfo.h>: the return addresses on the calling goroutine's stack, and words for them.
//
// A program has no symbol table that it could read without opening its own file, so a frame is what glibc
// prints of a stripped static program: `PROGRAM(+0xOFFSET) [0xADDRESS]`, where OFFSET is what addr2line -e
// PROGRAM takes. The walk is libgcc's, by .eh_frame, and stops in musl's functions, which have none.
#include <execinfo.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <unwind.h>

#include <cstdint>

#include "runtime/base/export.h"

extern "C" char* program_invocation_name;

namespace {

struct walk {
  void** frames;
  int room;
  int count;  // -1: the frame of backtrace itself, which is not told
};

_Unwind_Reason_Code add_frame(_Unwind_Context* context, void* at) noexcept {
  auto* to = static_cast<walk*>(at);
  const _Unwind_Ptr pc = _Unwind_GetIP(context);
  if (pc == 0 || to->count == to->room) return _URC_END_OF_STACK;
  if (to->count >= 0) to->frames[to->count] = reinterpret_cast<void*>(pc);
  to->count++;
  return _URC_NO_REASON;
}

int take_bias(dl_phdr_info* image, std::size_t, void* bias) noexcept {
  *static_cast<std::uintptr_t*>(bias) = image->dlpi_addr;
  return 1;
}

// Where the program was loaded, less where it was linked to be.
std::uintptr_t load_bias() noexcept {
  std::uintptr_t bias = 0;
  dl_iterate_phdr(take_bias, &bias);
  return bias;
}

// As snprintf. The blank is glibc's, which has none to a descriptor.
int describe(char* to, std::size_t room, std::uintptr_t bias, void* frame, const char* blank = " ") noexcept {
  const auto pc = reinterpret_cast<std::uintptr_t>(frame);
  return snprintf(to, room, "%s(+%#lx)%s[%#lx]", program_invocation_name, pc - bias, blank, pc);
}

}  // namespace

RT0_EXPORT [[gnu::noinline]] int backtrace(void** frames, int room) {
  walk to{frames, room, -1};
  if (room > 0) _Unwind_Backtrace(add_frame, &to);
  return to.count > 0 ? to.count : 0;
}

// One block, which the caller frees: the pointers, then the strings.
RT0_EXPORT char** backtrace_symbols(void* const* frames, int count) noexcept {
  const std::uintptr_t bias = load_bias();
  std::size_t bytes = static_cast<std::size_t>(count) * sizeof(char*);
  for (int i = 0; i < count; i++) bytes += describe(nullptr, 0, bias, frames[i]) + std::size_t{1};
  auto** lines = static_cast<char**>(malloc(bytes));
  if (lines == nullptr) return nullptr;
  char* to = reinterpret_cast<char*>(lines + count);
  for (int i = 0; i < count; i++) {
    lines[i] = to;
    to += describe(to, bytes, bias, frames[i]) + 1;
  }
  return lines;
}

// Without malloc: for handlers of crashes.
RT0_EXPORT void backtrace_symbols_fd(void* const* frames, int count, int fd) noexcept {
  const std::uintptr_t bias = load_bias();
  for (int i = 0; i < count; i++) {
    char line[512];
    const int length = describe(line, sizeof line - 1, bias, frames[i], "");
    const auto bytes = static_cast<std::size_t>(length) < sizeof line - 1 ? length : int{sizeof line - 2};
    line[bytes] = '\n';
    if (write(fd, line, static_cast<std::size_t>(bytes) + 1) < 0) return;
  }
}
