#include "runtime/base/export.h"
#include "runtime/libc/members/file_char.h"

RT0_EXPORT int fputc(int c, FILE* f) { return rt0::libc::put_char(c, f); }
