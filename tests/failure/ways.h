// What failure_probe is made of: ways to fail, by name.
#pragma once
#include <map>
#include <string>

using ways_to_fail = std::map<std::string, void (*)()>;

// go_crashes.cc: more of Go's.
extern const ways_to_fail gos_crashes;
// going_on.cc: what is reported while the program goes on.
extern const ways_to_fail ways_that_go_on;

// No frame is left out, none is turned into a jump.
#define FRAME [[gnu::noinline, gnu::optimize("no-optimize-sibling-calls")]] void

// Two goroutines that have each a mutex and wait for the other's, main one of them.
void joined_cycle();
