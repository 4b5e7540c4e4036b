// RT0_DEBUG=key=value,...: switches for tests and for finding faults. GODEBUG's form.
#pragma once
#include <cstddef>

namespace rt0 {

struct debug_options {
  int fsgsbase = 1;         // 0: as on a CPU or kernel without wrfsbase
  int guard = 1;            // 0: as on a kernel without MADV_GUARD_INSTALL
  int idlepages = 1;        // 0: stacks and heap pages that lie idle stay
  int check = 0;            // 1: blocks of the heap, locks and goroutines are watched (README.md)
  int inittrace = 0;        // 1: schedinit says on fd 2 what each step found
  int perturb = 0;          // N > 0: one lock, park or claim in N gives the CPU away (runtime/lock/perturb.h)
  int maxmcount = 0;        // > 0: so many kernel threads at most, instead of 10,000
  int failclone = 0;        // N > 0: the Nth kernel thread beyond the first cannot be made
  int uring = 1;            // 0: as on a kernel without io_uring
  int iofault = 0;          // N > 0: one call of the runtime's io in N fails (sys/fault.h)
  int sigquit = 2000;       // ms in which a second SIGQUIT ends the process
  int lockcycle = 0;        // 1: goroutines that wait for each other are reported, once
  int stall = 0;            // N > 0: what holds a P or an M for N ms is reported (unwind/stall.cc)
  int asyncpreemptoff = 0;  // 1: only goroutines that park or yield give way
  int hooks = 0;            // not a key. != 0: perturb or check, where one look must do for both

  int tracebackancestors = 0;  // N > 0: a goroutine keeps the stacks of the N that led to its creation
};

extern constinit debug_options debug;

// The one value that is needed before the others; the default if the key is not there.
int early_debug_option(const char* text, const char* key, int otherwise) noexcept;
// Copies the text of a value; false if the key is not there. A value longer than the buffer is cut.
bool early_debug_text(const char* text, const char* key, char* buffer, std::size_t bytes) noexcept;
// Reads all of them. An unknown key or a value that is no number is named on fd 2.
void parse_debug_options(const char* text) noexcept;

// The value of an environment variable, or nullptr.
const char* env_value(char** envp, const char* name) noexcept;
// A whole decimal number in [min, max]; false otherwise.
bool parse_number(const char* text, long min, long max, long& value) noexcept;

}  // namespace rt0
