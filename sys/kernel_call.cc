// Source: kernel, fs/proc/base.c proc_pid_syscall: "NR 0xA 0xB 0xC 0xD 0xE 0xF 0xSP 0xPC", "-1 0xSP 0xPC"
// (blocked, but in no call: a page fault), or "running".
#include "sys/kernel_call.h"

#include <cstddef>

#include "sys/file.h"
#include "sys/text.h"

namespace rt0::sys {
namespace {

// A number, decimal or with 0x; at moves behind it and one blank. False: there is none.
bool number(const char*& at, std::uint64_t& value) noexcept {
  const bool is_hex = at[0] == '0' && at[1] == 'x';
  if (is_hex) at += 2;
  const char* begin = at;
  for (value = 0;; at++) {
    if (*at >= '0' && *at <= '9') {
      value = value * (is_hex ? 16 : 10) + static_cast<std::uint64_t>(*at - '0');
    } else if (is_hex && *at >= 'a' && *at <= 'f') {
      value = value * 16 + static_cast<std::uint64_t>(*at - 'a' + 10);
    } else {
      break;
    }
  }
  const bool any = at != begin;
  if (*at == ' ') at++;
  return any;
}

}  // namespace

bool call_of_thread(std::int32_t tid, kernel_call& call) noexcept {
  text<64> path;
  path.add("/proc/self/task/"), path.add_decimal(static_cast<std::uint32_t>(tid)), path.add("/syscall");
  char said[256];
  (void)read_text(path.at, said, sizeof said);
  constexpr int words = 9;
  std::uint64_t word[words];
  const char* at = said;
  for (std::uint64_t& w : word) {
    if (!number(at, w)) return false;
  }
  call = {static_cast<long>(word[0]), static_cast<long>(word[1]), word[words - 2], word[words - 1]};
  return true;
}

}  // namespace rt0::sys
