// What /proc and process_vm_readv say of a process, stopped or not.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tools/rt0db/image.h"
#include "tools/rt0db/process.h"

namespace rt0db {

// "/proc/PID/what"
std::string proc(pid_t pid, const std::string& what);

// Throws failure(no_process) in the words for an errno of a call that had to do with pid.
[[noreturn]] void refuse(pid_t pid, int error);

// Of a process that can be looked at: its program. Throws: no such process, no permission, no program.
std::string program_of(pid_t pid);

// How far above its file's addresses the process has them. Throws failure(no_process).
std::uintptr_t bias_of(pid_t pid, const image& program);

// Its threads now, without the kernel's own workers for io_uring, which are listed among them with registers
// copied from the one that they work for. Throws failure(no_process).
std::vector<pid_t> threads_of(pid_t pid);

void read_memory(pid_t pid, std::span<piece> pieces);

}  // namespace rt0db
