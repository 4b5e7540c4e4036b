// The CPU in use: every folder rt0/<cpu>/ has the same file names, and this is the one place that picks one.
#pragma once
#if !defined(__x86_64__)
#error "rt0 runs on x86-64 only: a new CPU is a new folder beside rt0/amd64"
#endif
#include "rt0/amd64/clone.h"         // IWYU pragma: export
#include "rt0/amd64/cpu.h"           // IWYU pragma: export
#include "rt0/amd64/debug_call.h"    // IWYU pragma: export
#include "rt0/amd64/once.h"          // IWYU pragma: export
#include "rt0/amd64/open_syscall.h"  // IWYU pragma: export
#include "rt0/amd64/preempt.h"       // IWYU pragma: export
#include "rt0/amd64/signal.h"        // IWYU pragma: export
#include "rt0/amd64/string.h"        // IWYU pragma: export
#include "rt0/amd64/switch.h"        // IWYU pragma: export
#include "rt0/amd64/syscall.h"       // IWYU pragma: export
#include "rt0/amd64/tls.h"           // IWYU pragma: export
#include "rt0/amd64/unwind.h"        // IWYU pragma: export
