// A stack's frames as the reading of variables wants them (frame.h).
#pragma once
#include <memory>
#include <vector>

#include "tools/rt0db/debuggee.h"
#include "tools/rt0db/frame.h"

namespace rt0db {

// all: the goroutine's whole stack, of which it is about the one at index. What it gives refers to target.
std::unique_ptr<frame> frame_of(debuggee& target, std::uint64_t goid, const std::vector<stack_frame>& all,
                                std::size_t index);

}  // namespace rt0db
