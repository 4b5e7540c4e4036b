// Channels and select: handing over, buffering, choosing, and many goroutines that are connected by them. The
// same workloads and counts as ../peers/micro.go.
#include <rt/chan.h>
#include <rt/go.h>
#include <rt/select.h>

#include <stdexcept>
#include <vector>

#include "tests/bench/micro/harness.h"

namespace {

using bench::countdown;
using bench::figure;
using bench::stopwatch;

std::vector<figure> each(const char* name, const stopwatch& time, long count) {
  return {{name, "ns", time.ns() / static_cast<double>(count)}};
}

// To another goroutine and back, by two channels without a buffer: a round trip.
std::vector<figure> unbuffered(const char* name, long count) {
  const rt::chan<long> there(0), back(0);
  const stopwatch time;
  rt::go([=] {
    for (long i = 0; i < count; i++) back.send(*there.recv());
  });
  for (long i = 0; i < count; i++) {
    there.send(i);
    if (back.recv() != i) throw std::runtime_error("another value came back");
  }
  return each(name, time, count);
}

std::vector<figure> buffered(const char* name, long count) {
  const rt::chan<long> c(128);
  const stopwatch time;
  rt::go([=] {
    for (long i = 0; i < count; i++) c.send(i);
  });
  for (long i = 0; i < count; i++) {
    if (c.recv() != i) throw std::runtime_error("out of order");
  }
  return each(name, time, count);
}

// Four that send, four that receive.
std::vector<figure> many_to_many(const char* name, long count) {
  constexpr long sides = 4;
  const rt::chan<long> c(128);
  countdown all(2 * sides);
  const stopwatch time;
  for (long k = 0; k < sides; k++) {
    rt::go([&] {
      for (long i = 0; i < count / sides; i++) c.send(i);
      all.done();
    });
    rt::go([&] {
      for (long i = 0; i < count / sides; i++) (void)c.recv();
      all.done();
    });
  }
  all.wait();
  return each(name, time, count);
}

// From whichever of two channels has something.
std::vector<figure> select2(const char* name, long count) {
  const rt::chan<long> even(0), odd(0);
  const stopwatch time;
  rt::go([=] {
    for (long i = 0; i < count; i++) (i % 2 == 0 ? even : odd).send(i);
  });
  long sum = 0;
  const auto add = [&](std::optional<long> v) { sum += *v; };
  for (long i = 0; i < count; i++) rt::select(rt::recv(even, add), rt::recv(odd, add));
  if (sum != count * (count - 1) / 2) throw std::runtime_error("a value was lost");
  return each(name, time, count);
}

void skynet_node(const rt::chan<long>& up, long number, long leaves) {
  if (leaves == 1) return up.send(number);
  const rt::chan<long> below(0);
  for (int i = 0; i < 10; i++) rt::go(skynet_node, below, number + i * (leaves / 10), leaves / 10);
  long sum = 0;
  for (int i = 0; i < 10; i++) sum += *below.recv();
  up.send(sum);
}

// A tree of goroutines, ten below each, whose leaves send their numbers up: all of it.
std::vector<figure> skynet(const char* name, long count) {
  const rt::chan<long> top(0);
  const stopwatch time;
  rt::go(skynet_node, top, 0, count);
  if (top.recv() != count * (count - 1) / 2) throw std::runtime_error("wrong sum");
  return {{name, "ms", time.ns() / 1e6}};
}

// Goroutines in a ring, each hands on what it gets: a hop.
std::vector<figure> ring(const char* name, long count) {
  constexpr long laps = 20;
  std::vector<rt::chan<long>> c;
  for (long i = 0; i <= count; i++) c.emplace_back(0);
  countdown up(count);
  for (long i = 0; i < count; i++) {
    rt::go([&up, in = c[i], out = c[i + 1]] {
      up.done();
      for (long lap = 0; lap < laps; lap++) out.send(*in.recv());
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

constexpr bench::workload workloads[] = {
    {"chan_unbuf", unbuffered, 200'000, 100},  {"chan_buf128", buffered, 1'000'000, 1'000},
    {"chan_mpmc", many_to_many, 400'000, 400}, {"select2", select2, 200'000, 100},
    {"skynet_1M", skynet, 1'000'000, 100},     {"ring_10k", ring, 10'000, 10},
};

}  // namespace

int main(int argc, char** argv) { return bench::main(argc, argv, workloads); }
