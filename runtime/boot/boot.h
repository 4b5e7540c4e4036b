// Between the files of this room.
#pragma once

namespace rt0 {

extern constinit int ncpu;  // CPUs that the process may use, at start

}  // namespace rt0
