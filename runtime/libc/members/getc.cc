#include "runtime/base/export.h"
#include "runtime/libc/members/file_char.h"

RT0_EXPORT int getc(FILE* f) { return rt0::libc::get_char(f); }
// Under this name in objects that older glibc headers compiled.
RT0_EXPORT int _IO_getc(FILE* f) { return rt0::libc::get_char(f); }
