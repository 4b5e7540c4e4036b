// Goroutine 1: constructors, the program's main, exit. Go's runtime.main.
#include "rt0/arch.h"
#include "rt0/upcalls.h"
#include "runtime/base/debug_options.h"
#include "runtime/base/process_args.h"
#include "runtime/libc/exit.h"
#include "runtime/sched/sysmon.h"
#include "runtime/unwind/fatal.h"
#include "sys/image/image.h"

extern "C" [[gnu::visibility("default")]] int main(int argc, char** argv, char** envp);

namespace rt0 {

extern "C" void rt0_main(void*) {
  terminate_init();
  if (debug.stall > 0) rt0_systemstack([](void*) { sysmon_start(); }, nullptr);  // it looks after one M, too
  libc::register_fini_array();
  sys::image::run_init_array(args.argc, args.argv, args.envp);
  // main's return value is exit's argument (ISO C 5.1.2.2.3).
  libc::run_exit(main(args.argc, args.argv, args.envp));
}

}  // namespace rt0
