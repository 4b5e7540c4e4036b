// The common part of the bench programs:  PROGRAM [--tiny] [--list] [NAME...]
//
// Runs the named workloads (all of them if none is named), each RUNS times (environment; 3 unless told), and
// prints the median of each figure as a line `name value unit`. --tiny runs each once with a count that says
// nothing about time: for the test that keeps these programs alive. --list prints the names.
//
// Plain C++20: the same source is built on rt0 and by the machine's own compiler.
#pragma once
#include <semaphore.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

struct figure {
  std::string name, unit;
  double value;
};

struct workload {
  const char* name;
  std::vector<figure> (*run)(const char* name, long count);
  long count, tiny_count;
  bool once = false;  // a second run in the same process would measure something else
};

class stopwatch {
 public:
  double ns() const { return std::chrono::duration<double, std::nano>(clock::now() - start_).count(); }

 private:
  using clock = std::chrono::steady_clock;
  clock::time_point start_ = clock::now();
};

// The time since then for each of count things.
inline std::vector<figure> each(const char* name, const stopwatch& time, long count) {
  return {{name, "ns", time.ns() / static_cast<double>(count)}};
}

// Waits until n others are done. A POSIX semaphore parks at once; std::atomic::wait would spin first.
class countdown {
 public:
  explicit countdown(long n) : left_(n) { sem_init(&zero_, 0, 0); }
  ~countdown() { sem_destroy(&zero_); }
  countdown(const countdown&) = delete;
  countdown& operator=(const countdown&) = delete;

  void done() {
    if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) sem_post(&zero_);
  }
  void wait() {
    while (sem_wait(&zero_) != 0) {
    }
  }

 private:
  std::atomic<long> left_;
  sem_t zero_;
};

inline void print_medians(const std::vector<std::vector<figure>>& runs) {
  for (std::size_t f = 0; f < runs[0].size(); f++) {
    std::vector<double> values;
    for (const auto& run : runs) values.push_back(run[f].value);
    std::sort(values.begin(), values.end());
    std::printf("%s %.4g %s\n", runs[0][f].name.c_str(), values[values.size() / 2], runs[0][f].unit.c_str());
  }
  std::fflush(stdout);
}

// False: the workload could not be run, and said why.
inline bool measure(const workload& w, bool tiny) {
  const char* wanted = std::getenv("RUNS");
  const int runs = tiny || w.once ? 1 : std::max(1, wanted != nullptr ? std::atoi(wanted) : 3);
  std::vector<std::vector<figure>> results;
  try {
    for (int r = 0; r < runs; r++) results.push_back(w.run(w.name, tiny ? w.tiny_count : w.count));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench: %s: %s\n", w.name, e.what());
    return false;
  }
  print_medians(results);
  return true;
}

inline int main(int argc, char** argv, std::initializer_list<std::span<const workload>> tables) {
  std::vector<workload> workloads;
  for (const std::span<const workload> table : tables)
    workloads.insert(workloads.end(), table.begin(), table.end());
  bool tiny = false, ok = true;
  std::vector<const workload*> chosen;
  for (int i = 1; i < argc; i++) {
    const std::string_view argument = argv[i];
    const auto at = std::ranges::find(workloads, argument, &workload::name);
    if (argument == "--tiny") {
      tiny = true;
    } else if (argument == "--list") {
      for (const workload& w : workloads) std::puts(w.name);
      return 0;
    } else if (at != workloads.end()) {
      chosen.push_back(&*at);
    } else {
      std::fprintf(stderr, "bench: no workload %s\n", argv[i]);
      return 2;
    }
  }
  if (chosen.empty()) {
    for (const workload& w : workloads) chosen.push_back(&w);
  }
  for (const workload* w : chosen) ok = measure(*w, tiny) && ok;
  return ok ? 0 : 1;
}

}  // namespace bench
