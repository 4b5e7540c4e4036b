// Channels of a runtime R (tasks.h says what R is): handing over, buffering, and many tasks that are
// connected by them. The same workloads and counts as ../peers/micro.go.
#pragma once
#include <stdexcept>
#include <vector>

#include "tests/bench/micro/harness.h"

namespace bench {

// To another task and back, by two channels without a buffer: a round trip.
template <class R>
std::vector<figure> unbuffered(const char* name, long count) {
  count /= R::slow;
  const typename R::channel there(0), back(0);
  const stopwatch time;
  R::go([there, back, count] {
    for (long i = 0; i < count; i++) back.send(there.recv());
  });
  for (long i = 0; i < count; i++) {
    there.send(i);
    if (back.recv() != i) throw std::runtime_error("another value came back");
  }
  return each(name, time, count);
}

template <class R>
std::vector<figure> buffered(const char* name, long count) {
  count /= R::slow;
  const typename R::channel c(128);
  const stopwatch time;
  R::go([c, count] {
    for (long i = 0; i < count; i++) c.send(i);
  });
  for (long i = 0; i < count; i++) {
    if (c.recv() != i) throw std::runtime_error("out of order");
  }
  return each(name, time, count);
}

// Four that send, four that receive.
template <class R>
std::vector<figure> many_to_many(const char* name, long count) {
  count /= R::slow;
  constexpr long sides = 4;
  const typename R::channel c(128);
  typename R::countdown all(2 * sides);
  const stopwatch time;
  for (long k = 0; k < sides; k++) {
    R::go([&, count] {
      for (long i = 0; i < count / sides; i++) c.send(i);
      all.done();
    });
    R::go([&, count] {
      for (long i = 0; i < count / sides; i++) (void)c.recv();
      all.done();
    });
  }
  all.wait();
  return each(name, time, count);
}

template <class R>
void skynet_node(const typename R::channel& up, long number, long leaves) {
  if (leaves == 1) return up.send(number);
  const typename R::channel below(0);
  for (int i = 0; i < 10; i++) {
    R::go([below, number, leaves, i] { skynet_node<R>(below, number + i * (leaves / 10), leaves / 10); });
  }
  long sum = 0;
  for (int i = 0; i < 10; i++) sum += below.recv();
  up.send(sum);
}

// A tree of tasks, ten below each, whose leaves send their numbers up: all of it.
template <class R>
std::vector<figure> skynet(const char* name, long count) {
  const typename R::channel top(0);
  const stopwatch time;
  R::go([top, count] { skynet_node<R>(top, 0, count); });
  if (top.recv() != count * (count - 1) / 2) throw std::runtime_error("wrong sum");
  return {{name, "ms", time.ns() / 1e6}};
}

// Tasks in a ring, each hands on what it gets: a hop.
template <class R>
std::vector<figure> ring(const char* name, long count) {
  constexpr long laps = 20 / R::slow;
  std::vector<typename R::channel> c;
  for (long i = 0; i <= count; i++) c.emplace_back(0);
  typename R::countdown up(count);
  for (long i = 0; i < count; i++) {
    R::go([&up, in = c[i], out = c[i + 1]] {
      up.done();
      for (long lap = 0; lap < laps; lap++) out.send(in.recv());
    });
  }
  up.wait();
  const stopwatch time;
  for (long lap = 0; lap < laps; lap++) {
    c.front().send(lap);
    if (c.back().recv() != lap) throw std::runtime_error("another value came round");
  }
  return each(name, time, count * laps);
}

template <class R>
inline constexpr workload channel_workloads[] = {
    {"chan_unbuf", unbuffered<R>, 200'000, 100},  {"chan_buf128", buffered<R>, 1'000'000, 1'000},
    {"chan_mpmc", many_to_many<R>, 400'000, 400}, {"ring_10k", ring<R>, 10'000, 10},
    {"skynet_1M", skynet<R>, 1'000'000, 100},
};

}  // namespace bench
