// <rt/debug.h>: what a program can ask about itself.
#pragma once
#include "rt/stack.h"  // rt::debug::stack
