// rt0's goroutines (tasks.h), its own mutex beside std's, and what preemption costs them.
#include "tests/bench/micro/tasks.h"

#include <rt/sync.h>

#include "tests/bench/micro/rt0_runtime.h"

namespace {

using bench::countdown;
using bench::figure;
using R = bench::rt0_runtime;

void tree_node(long leaves, std::atomic<long>& sum) {
  if (leaves == 1) {
    sum.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  countdown children(10);
  for (int i = 0; i < 10; i++) {
    rt::go([&, leaves] {
      tree_node(leaves / 10, sum);
      children.done();
    });
  }
  children.wait();
}

// A tree of goroutines, ten below each, as in the skynet benchmark: per leaf.
std::vector<figure> spawn_tree(const char* name, long count) {
  std::atomic<long> sum{0};
  const bench::stopwatch time;
  tree_node(count, sum);
  std::vector<figure> result = bench::each(name, time, count);
  if (sum.load() != count) throw std::runtime_error("a leaf was lost");
  return result;
}

constexpr bench::workload own[] = {
    {"mutex2_rt", bench::mutex2<R, rt::mutex>, 2'000'000, 100},
    {"preempt_yield", bench::yield_pair<R>, 2'000'000, 100},
    {"preempt_tree", spawn_tree, 100'000, 10},
};

}  // namespace

int main(int argc, char** argv) { return bench::main(argc, argv, {bench::task_workloads<R>, own}); }
