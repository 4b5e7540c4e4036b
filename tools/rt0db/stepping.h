// next, step and finish: of one goroutine, wherever it runs.
//
// All others run meanwhile, for the goroutine may come to wait for them; and it may go on on another thread
// than it began on. So a line is left by traps: at all other lines of the function, and where the function
// returns to; whoever comes to one of them is asked for its goroutine's id, and, since a function may call
// itself, for its frame. (dlv's way.) An exception passes by these: the unwinder announces where it resumes
// to a function that is there for debuggers, _Unwind_DebugHook, and a trap goes there.
//
// step goes by single instructions, to see whom the line calls, and holds the others while it does. What has
// no lines, the runtime and the library's headers are stepped over, at full speed and with all others. A line
// that takes too many instructions may wait for another thread by itself: it is left as next would.
//
// A goroutine that waits, or is in the runtime, is first brought to where it is back in code of its own.
#pragma once
#include "tools/rt0db/runner.h"

namespace rt0db {

// Throw failure(failed): there is no such goroutine; no lines are known of where it is. stop::kind::place: it
// is where it was to come to.
stop next_line(runner& r, std::uint64_t goid);
stop step_into(runner& r, std::uint64_t goid);
// Until this frame of its stack has returned.
stop finish(runner& r, std::uint64_t goid, const stack_frame& of);

}  // namespace rt0db
