// For hosted tests of the scheduler's parts: the CPU's code that the other parts refer to, which such a test
// never calls. A name that the linker misses belongs here.
#pragma once
#include <cstdlib>

#define RT0_NEVER_CALLED(name)                   \
  extern "C" void never_##name() __asm__(#name); \
  void never_##name() { std::abort(); }

RT0_NEVER_CALLED(rt0_goexit)
RT0_NEVER_CALLED(rt0_gogo)
RT0_NEVER_CALLED(rt0_gostart)
RT0_NEVER_CALLED(rt0_mcall)
RT0_NEVER_CALLED(rt0_switch)
RT0_NEVER_CALLED(rt0_systemstack)
