// The labels of a snapshot's goroutines (runtime/sched/labels.h), which lie in the program's heap.
#pragma once
#include "tools/rt0db/process.h"
#include "tools/rt0db/snapshot.h"

namespace rt0db {

// Reads them, while the process stands still. What cannot be read is left out.
void copy_labels(process& of, std::vector<goroutine>& goroutines);

}  // namespace rt0db
