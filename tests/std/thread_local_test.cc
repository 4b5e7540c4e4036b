// thread_local: initial values, one copy a thread, destructors and their order, over-aligned and large
// objects. That main's own thread_locals die before the statics is seen only from outside:
// tests/boot/order.cc.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

std::vector<std::string> events;  // appended by one thread at a time: each test joins

struct noisy {
  std::string name;
  explicit noisy(std::string n) : name(std::move(n)) { events.push_back("+" + name); }
  ~noisy() { events.push_back("-" + name); }
};

thread_local int initialised = 41;
thread_local int zero;
thread_local std::string text = "text";
alignas(64) thread_local char line_aligned[64];
struct alignas(4096) page {
  char bytes[4096];
};
thread_local page page_aligned = {{'p'}};
thread_local char large[1 << 17];

bool aligned_to(const void* p, std::uintptr_t n) { return reinterpret_cast<std::uintptr_t>(p) % n == 0; }

template <class F>
void in_thread(F f) {
  std::thread(f).join();
}

}  // namespace

TEST_CASE("every thread starts from the initial values, and keeps its own across switches") {
  initialised = 0;
  zero = 7;
  text = "main's";
  std::atomic<int> wrong{0};
  std::vector<std::thread> ts;
  for (int i = 0; i < 20; ++i)
    ts.emplace_back([&, i] {
      if (initialised != 41 || zero != 0 || text != "text") ++wrong;
      initialised = i;
      zero = -i;
      text = std::to_string(i);
      for (int k = 0; k < 20; ++k) {
        std::this_thread::yield();
        if (initialised != i || zero != -i || text != std::to_string(i)) ++wrong;
      }
    });
  for (std::thread& t : ts) t.join();
  CHECK(wrong == 0);
  CHECK(initialised == 0);
  CHECK(zero == 7);
  CHECK(text == "main's");
}

TEST_CASE("threads one after another reuse memory but not values") {
  for (int i = 0; i < 50; ++i)
    in_thread([&] {
      CHECK(initialised == 41);
      CHECK(zero == 0);
      CHECK(page_aligned.bytes[0] == 'p');
      CHECK(page_aligned.bytes[4095] == 0);
      initialised = zero = i + 1;
      std::memset(page_aligned.bytes, 0xff, sizeof page_aligned.bytes);
    });
}

TEST_CASE("alignas(64) and alignas(4096) hold in main and in threads") {
  CHECK(aligned_to(line_aligned, 64));
  CHECK(aligned_to(&page_aligned, 4096));
  std::vector<std::thread> ts;
  std::atomic<int> wrong{0};
  for (int i = 0; i < 10; ++i)
    ts.emplace_back([&] {
      if (!aligned_to(line_aligned, 64) || !aligned_to(&page_aligned, 4096)) ++wrong;
    });
  for (std::thread& t : ts) t.join();
  CHECK(wrong == 0);
}

TEST_CASE("128 KiB of thread_local: zero, writable to the ends, apart from the others'") {
  std::atomic<int> wrong{0};
  std::vector<std::thread> ts;
  for (int i = 1; i <= 8; ++i)
    ts.emplace_back([&, i] {
      for (char c : large) wrong += c != 0;
      std::memset(large, i, sizeof large);
      std::this_thread::yield();
      for (char c : large) wrong += c != i;
    });
  for (std::thread& t : ts) t.join();
  CHECK(wrong == 0);
  CHECK(large[0] == 0);
}

TEST_CASE("destructors run at thread exit, last made first dead; unused ones are never made") {
  events.clear();
  in_thread([] {
    static thread_local noisy a("a");
    static thread_local noisy b("b");
    events.push_back("body");
  });
  CHECK(events == std::vector<std::string>{"+a", "+b", "body", "-b", "-a"});
  events.clear();
  in_thread([] {
    if (events.empty()) return;
    static thread_local noisy never("never");
  });
  CHECK(events.empty());
}

TEST_CASE("a destructor may make another thread_local, block and yield") {
  events.clear();
  struct makes {
    ~makes() {
      std::this_thread::yield();
      static thread_local noisy late("late");
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      events.push_back("-makes");
    }
  };
  in_thread([] {
    static thread_local makes m;
    (void)&m;
  });
  CHECK(events == std::vector<std::string>{"+late", "-makes", "-late"});
}

TEST_CASE("every one of 100 threads at once runs its destructors") {
  static std::atomic<int> dead;
  dead = 0;
  struct counted {
    std::string s = std::string(100, 'x');
    ~counted() { dead += s.size() == 100; }
  };
  std::vector<std::thread> ts;
  for (int i = 0; i < 100; ++i)
    ts.emplace_back([] {
      static thread_local counted c;
      c.s[0] = 'y';
      std::this_thread::yield();
    });
  for (std::thread& t : ts) t.join();
  CHECK(dead == 100);
}
