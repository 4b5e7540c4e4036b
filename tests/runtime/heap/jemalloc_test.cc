// Debian's libjemalloc.a in a program on rt0: it links, and it is what the program uses.
#include <jemalloc/jemalloc.h>

#include <pthread.h>
#include <sched.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

// Its archive refers to these, and this program needs neither.
extern "C" {
[[gnu::weak]] int sched_setaffinity(pid_t, std::size_t, const cpu_set_t*) noexcept { return 0; }
[[gnu::weak]] int pthread_atfork(void (*)(), void (*)(), void (*)()) noexcept { return 0; }
}

namespace {

std::size_t allocated() {
  std::uint64_t epoch = 1;
  std::size_t bytes = 0, size = sizeof epoch;
  if (mallctl("epoch", &epoch, &size, &epoch, size) != 0) return 0;
  size = sizeof bytes;
  return mallctl("stats.allocated", &bytes, &size, nullptr, 0) == 0 ? bytes : 0;
}

}  // namespace

int main() {
  const std::size_t before = allocated();
  std::vector<char*> kept;
  for (int i = 0; i < 1000; i++) kept.push_back(strdup("a string that musl copies"));
  void* volatile big = std::malloc(10 << 20);
  const std::size_t during = allocated();
  std::free(big);
  for (char* text : kept) std::free(text);

  std::vector<std::thread> threads;
  for (int t = 0; t < 50; t++) {
    threads.emplace_back([t] {
      std::vector<std::string> words;
      for (int i = 0; i < 300; i++) {
        words.emplace_back(static_cast<std::size_t>(i), static_cast<char>('a' + t % 26));
        std::this_thread::yield();
      }
    });
  }
  for (std::thread& t : threads) t.join();
  std::printf("%zu, then %zu\n", before, during);
  return before != 0 && during > before + (10 << 20) ? 0 : 1;
}
