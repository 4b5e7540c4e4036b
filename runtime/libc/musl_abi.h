// The insides of musl 1.2.3 that rt0 reads or writes: struct FILE, struct libc and the locale it points to.
//
// Who should use it: the few files of runtime/libc that stand in for a member of musl.
// third_party/musl/pinned.txt refuses any other build of musl, and the asserts below are what was read in
// the one we have: FILE in vsnprintf.lo and ftrylockfile.lo (objdump -d), __libc in sigaction.lo,
// getauxval.lo and setlocale.lo, the locale in locale_map.lo.
#pragma once
#include <stdio.h>

#include <cstddef>
#include <cstdint>

namespace rt0::libc {

struct musl_file {
  unsigned flags;
  unsigned char *rpos, *rend;
  int (*close)(musl_file*);
  unsigned char *wend, *wpos;
  unsigned char* must_be_zero;
  unsigned char* wbase;
  std::size_t (*read)(musl_file*, unsigned char*, std::size_t);
  std::size_t (*write)(musl_file*, const unsigned char*, std::size_t);
  std::int64_t (*seek)(musl_file*, std::int64_t, int);
  unsigned char* buf;
  std::size_t buf_bytes;
  musl_file *previous, *next;
  int fd;
  int pipe_pid;
  long lock_depth;  // ours: flockfile calls beyond the one that took the lock
  int mode;
  std::uint32_t lock;  // stdio_lock.cc; as an int below 0: private to a function of musl, never locked
  int line_end;        // '\n' if line buffered, else below 0
};
inline constexpr unsigned file_eof = 16;
inline constexpr unsigned file_error = 32;
static_assert(offsetof(musl_file, wbase) == 0x38 && offsetof(musl_file, buf) == 0x58);
static_assert(offsetof(musl_file, buf_bytes) == 0x60 && offsetof(musl_file, fd) == 0x78);
static_assert(offsetof(musl_file, lock_depth) == 0x80 && offsetof(musl_file, lock) == 0x8c);
static_assert(offsetof(musl_file, line_end) == 0x90);

inline musl_file* insides(FILE* f) noexcept { return reinterpret_cast<musl_file*>(f); }

// A folder's stream (readdir.lo, seekdir.lo).
struct musl_dir {
  std::int64_t position;
  int fd, at_bytes, end_bytes;
  int lock;
  alignas(8) unsigned char buf[2048];
};
static_assert(offsetof(musl_dir, fd) == 8 && offsetof(musl_dir, lock) == 0x14 &&
              offsetof(musl_dir, buf) == 0x18);

// A named locale's data for one category; the null pointer is "C".
struct musl_locale_map {
  const void* messages;
  std::size_t message_bytes;
  char name[24];
  const musl_locale_map* next;
};
static_assert(offsetof(musl_locale_map, name) == 0x10 && offsetof(musl_locale_map, next) == 0x28);

inline constexpr int musl_categories = 6;  // LC_CTYPE to LC_MESSAGES, as glibc's numbers 0 to 5

struct musl_locale {
  const musl_locale_map* category[musl_categories];
};

struct musl_libc {
  char can_do_threads, threaded, secure;
  signed char need_locks;
  int threads_minus_1;
  const std::size_t* auxv;
  void* tls_head;
  std::size_t tls_bytes, tls_align, tls_count;
  std::size_t page_bytes;
  musl_locale global_locale;
};
static_assert(offsetof(musl_libc, need_locks) == 3 && offsetof(musl_libc, auxv) == 8);
static_assert(offsetof(musl_libc, page_bytes) == 48 && offsetof(musl_libc, global_locale) == 56);

}  // namespace rt0::libc

extern "C" [[gnu::visibility("hidden")]] rt0::libc::musl_libc __libc;
