// What C's pthread_cleanup_push and pop are to musl's own members (the resolver, shadow passwords): a
// handler that runs at cancellation, which rt0 does not have, or at pop.
#include "runtime/base/export.h"

extern "C" {
// musl's struct __ptcb.
struct cleanup_frame {
  void (*run)(void*);
  void* argument;
  cleanup_frame* outer;
};
}

RT0_EXPORT void _pthread_cleanup_push(cleanup_frame* frame, void (*run)(void*), void* argument) {
  frame->run = run;
  frame->argument = argument;
}
RT0_EXPORT void _pthread_cleanup_pop(cleanup_frame* frame, int execute) {
  if (execute != 0) frame->run(frame->argument);
}
