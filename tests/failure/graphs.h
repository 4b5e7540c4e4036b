// What a program of graphs.py is made of: see there.
#pragma once
#include <rt/chan.h>
#include <rt/debug.h>
#include <rt/go.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

// Each has a frame: none is inlined, copied, or turned into a jump.
#define FUNCTION [[gnu::noipa, gnu::optimize("no-optimize-sibling-calls")]] static void

enum class ending { own_stack, parked, spinning, sleeping, locked, count };

struct meeting {
  rt::chan<int> never{0};
  std::mutex held;
  std::atomic<int> arrived{0};
  std::atomic<bool> over{false};
};

struct chain {
  meeting* where;
  std::uint64_t random;
  int left;
  ending how;
  std::uint64_t goid = 0;
  std::vector<std::string> recorded;  // outermost first
  bool failed = false;

  std::uint64_t next() {
    random = random * 6364136223846793005u + 1442695040888963407u;
    return random >> 33;
  }
  void end();
};

struct record {
  chain& c;
  record(chain& to, const char* name) : c(to) { c.recorded.push_back(name); }
  ~record() {
    if (!c.failed) c.recorded.pop_back();
  }
};

// The f_ functions of one goroutine's traceback, innermost first.
inline std::vector<std::string> names_in(const std::string& text) {
  std::vector<std::string> names;
  for (std::size_t at = 0; (at = text.find("\nf_", at)) != std::string::npos; at++) {
    names.push_back(text.substr(at + 1, text.find_first_of("(\n", at + 1) - at - 1));
  }
  return names;
}

inline bool agrees(chain& c, const std::string& text) {
  std::vector<std::string> seen = names_in(text);
  std::reverse(seen.begin(), seen.end());
  if (seen == c.recorded) return true;
  c.failed = true;
  std::fprintf(stderr, "goroutine %lu, ending %d: recorded", c.goid, static_cast<int>(c.how));
  for (const std::string& name : c.recorded) std::fprintf(stderr, " %s", name.c_str());
  std::fprintf(stderr, "\nbut its traceback says\n%s\n", text.c_str());
  return false;
}

inline void chain::end() {
  if (how == ending::own_stack) (void)agrees(*this, "\n" + rt::debug::stack());
  goid = rt::goid();
  where->arrived++;
  switch (how) {
    case ending::parked: where->never.recv(); break;
    case ending::spinning:
      while (!where->over) {
      }
      break;
    case ending::sleeping:
      while (!where->over) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      break;
    case ending::locked: (void)std::lock_guard(where->held); break;
    default: break;
  }
}

// --- ways to call

template <void (*F)(chain&)>
[[gnu::noinline]] void call_direct(chain& c) {
  F(c);
}
template <void (*F)(chain&)>
void call_pointer(chain& c) {
  void (*volatile f)(chain&) = F;
  f(c);
}
struct base {
  virtual void run(chain&) = 0;
  virtual ~base() = default;
};
template <void (*F)(chain&)>
void call_virtual(chain& c) {
  struct derived : base {
    void run(chain& to) override { F(to); }
  } object;
  base* volatile at = &object;
  at->run(c);
}
template <void (*F)(chain&)>
void call_function(chain& c) {
  std::function<void()> f = [&c] { F(c); };
  f();
}
template <void (*F)(chain&)>
void call_sort(chain& c) {
  int v[] = {2, 1};
  bool done = false;
  std::sort(v, v + 2, [&](int a, int b) {
    if (!done) done = true, F(c);
    return a < b;
  });
}
template <void (*F)(chain&)>
void call_qsort(chain& c) {
  struct element {
    int key;
    chain* c;
    bool* done;
  };
  bool done = false;
  element v[] = {{2, &c, &done}, {1, &c, &done}};
  qsort(v, 2, sizeof v[0], [](const void* a, const void* b) {
    const auto *x = static_cast<const element*>(a), *y = static_cast<const element*>(b);
    if (!*x->done) *x->done = true, F(*x->c);
    return x->key - y->key;
  });
}
template <void (*F)(chain&)>
void call_once(chain& c) {
  std::once_flag flag;
  std::call_once(flag, [&c] { F(c); });
}
template <void (*F)(chain&)>
void call_catch(chain& c) {
  try {
    throw 1;
  } catch (int) {
    F(c);
  }
}
template <void (*F)(chain&)>
void call_lambda(chain& c) {
  [&c]() { F(c); }();
}

// --- many of them

using first_function = void (*)(chain&);

// The part of a dump that is this goroutine's.
inline std::string part_of(const std::string& all, std::uint64_t goid) {
  const std::string head = "goroutine " + std::to_string(goid) + " [";
  std::size_t from = all.find("\n" + head);
  if (all.compare(0, head.size(), head) == 0) from = 0;
  if (from == std::string::npos) return "";
  return all.substr(from, all.find("\n\ngoroutine ", from + 1) - from);
}

// Forty at a time: of more than a hundred equal ones are shown once.
template <first_function... F>
int run_graphs(int count) {
  constexpr first_function first[] = {F...};
  constexpr int at_once = 40;
  const char* text = getenv("RT0_SEED");
  const std::uint64_t seed = text != nullptr ? strtoull(text, nullptr, 0) : std::random_device()();
  std::fprintf(stderr, "RT0_SEED=%lu\n", seed);
  std::mt19937_64 random(seed);
  int failed = 0, frames = 0;
  for (int done = 0; done < count; done += at_once) {
    meeting where;
    std::vector<chain> chains(at_once);
    std::vector<std::thread> threads;
    where.held.lock();
    for (chain& c : chains) {
      c.where = &where, c.random = random(), c.left = static_cast<int>(random() % 20);
      c.how = static_cast<ending>(random() % static_cast<int>(ending::count));
      threads.emplace_back([&c, f = first[random() % sizeof...(F)]] { f(c); });
    }
    while (where.arrived < at_once) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const std::string all = rt::debug::stack(true);
    for (chain& c : chains) {
      if (c.how == ending::own_stack) continue;  // it has looked itself
      frames += static_cast<int>(c.recorded.size());
      (void)agrees(c, part_of(all, c.goid));
    }
    where.over = true;
    where.held.unlock();
    where.never.close();
    for (std::thread& t : threads) t.join();
    for (const chain& c : chains) failed += c.failed ? 1 : 0;
  }
  std::fprintf(stderr, "%d graphs, %d frames waited, %d failed\n", count, frames, failed);
  return failed == 0 ? 0 : 1;
}
