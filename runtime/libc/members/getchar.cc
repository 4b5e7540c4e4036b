#include "runtime/base/export.h"
#include "runtime/libc/members/file_char.h"

RT0_EXPORT int getchar() { return rt0::libc::get_char(stdin); }
