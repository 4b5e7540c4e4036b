#include "runtime/sched/debugger_table.h"

#include "rt0/upcalls.h"
#include "runtime/sched/sched.h"

extern "C" [[gnu::visibility("hidden")]] const char __start_rt0_text[], __stop_rt0_text[];

namespace rt0 {

extern "C" constinit const debugger_table rt0_debugger_table = {
    .layout = debugger_layout(),
    .allgs = &allgs,
    .blocks = allg_blocks,
    .last_goid_of_parent = &sched.last_goid_of_parent,
    .forked = &sched.forked,
    .died_at_ns = &sched.died_at_ns,
    .core_text = __start_rt0_text,
    .core_text_end = __stop_rt0_text,
    .debug_call = debug_call_table,
};

}  // namespace rt0
