// rt0's channels (chans.h), and select, which not every runtime has.
#include "tests/bench/micro/chans.h"

#include <rt/select.h>

#include "tests/bench/micro/rt0_runtime.h"

namespace {

using bench::figure;

// From whichever of two channels has something.
std::vector<figure> select2(const char* name, long count) {
  const rt::chan<long> even(0), odd(0);
  const bench::stopwatch time;
  rt::go([=] {
    for (long i = 0; i < count; i++) (i % 2 == 0 ? even : odd).send(i);
  });
  long sum = 0;
  const auto add = [&](std::optional<long> v) { sum += *v; };
  for (long i = 0; i < count; i++) rt::select(rt::recv(even, add), rt::recv(odd, add));
  if (sum != count * (count - 1) / 2) throw std::runtime_error("a value was lost");
  return bench::each(name, time, count);
}

constexpr bench::workload own[] = {{"select2", select2, 200'000, 100}};

}  // namespace

int main(int argc, char** argv) {
  return bench::main(argc, argv, {bench::channel_workloads<bench::rt0_runtime>, own});
}
