// The process's control group, as far as it bounds CPU time.
#pragma once

namespace rt0::sys {

// CPUs' worth of time that the group and its ancestors allow, the least of them rounded up; 0: no bound is
// known. Reads files: version 2's cpu.max, else version 1's cpu.cfs_quota_us.
int cgroup_cpu_limit() noexcept;

}  // namespace rt0::sys
