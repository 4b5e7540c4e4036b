// Dead goroutines, kept with their stacks for the next newproc.
#pragma once
#include "runtime/sched/sched.h"

namespace rt0 {

// A dead goroutine with a stack of at least the class, from pp's list or the global one; nullptr: make one.
g* gfget(p* pp, int size_class) noexcept;
// Gives a dead goroutine back.
void gfput(p* pp, g* gp) noexcept;
// All of pp's to the global list. pp runs nowhere.
void gfpurge(p* pp) noexcept;

}  // namespace rt0
