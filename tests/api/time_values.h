// What tests of <rt/time.h> begin with.
#pragma once
#include <rt/chan.h>
#include <rt/time.h>

#include <chrono>

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;
using time_chan = rt::chan<steady_clock::time_point>;

inline steady_clock::duration since(steady_clock::time_point t) { return steady_clock::now() - t; }

// Takes a tick, if one is due.
inline bool has_tick(const time_chan& c) {
  steady_clock::time_point t;
  return c.try_recv(t) == rt::chan_status::ok;
}
