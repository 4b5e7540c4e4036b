#include "runtime/base/export.h"
#include "runtime/libc/members/file_char.h"

RT0_EXPORT int putc(int c, FILE* f) { return rt0::libc::put_char(c, f); }
// Under this name in objects that older glibc headers compiled.
RT0_EXPORT int _IO_putc(int c, FILE* f) { return rt0::libc::put_char(c, f); }
