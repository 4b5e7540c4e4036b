// A program with an allocator of its own, under every name that mimalloc and jemalloc bring: it links, and
// everybody uses it: the program, libstdc++, musl's strdup, musl's own __libc_malloc.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

char room[64 << 20];
std::size_t used = 0;
int taken = 0, freed = 0;
char locked = 0;

struct header {
  std::size_t bytes;
  std::size_t pad;
};

// From the room, never again.
void* take(std::size_t bytes, std::size_t align) {
  while (__atomic_test_and_set(&locked, __ATOMIC_ACQUIRE)) std::this_thread::yield();
  const std::size_t at = (used + sizeof(header) + align - 1) / align * align;
  used = at + bytes;
  taken++;
  __atomic_clear(&locked, __ATOMIC_RELEASE);
  if (used > sizeof room) abort();
  reinterpret_cast<header*>(room + at)[-1].bytes = bytes;
  return room + at;
}
bool ours(const void* p) {
  return reinterpret_cast<std::uintptr_t>(p) - reinterpret_cast<std::uintptr_t>(room) < sizeof room;
}

}  // namespace

extern "C" {
void* malloc(std::size_t n) noexcept { return take(n, 16); }
void free(void* p) noexcept {
  if (p == nullptr) return;
  if (!ours(p)) abort();
  __atomic_fetch_add(&freed, 1, __ATOMIC_RELAXED);
}
void* calloc(std::size_t count, std::size_t n) noexcept { return take(count * n, 16); }
void* realloc(void* p, std::size_t n) noexcept {
  void* to = take(n, 16);
  if (p == nullptr) return to;
  const std::size_t had = static_cast<header*>(p)[-1].bytes;
  __builtin_memcpy(to, p, had < n ? had : n);
  free(p);
  return to;
}
void* aligned_alloc(std::size_t align, std::size_t n) noexcept { return take(n, align < 16 ? 16 : align); }
void* memalign(std::size_t align, std::size_t n) noexcept { return aligned_alloc(align, n); }
int posix_memalign(void** out, std::size_t align, std::size_t n) noexcept {
  *out = aligned_alloc(align, n);
  return 0;
}
void* valloc(std::size_t n) noexcept { return aligned_alloc(4096, n); }
void* pvalloc(std::size_t n) noexcept { return aligned_alloc(4096, n); }
void* reallocarray(void* p, std::size_t count, std::size_t n) noexcept { return realloc(p, count * n); }
std::size_t malloc_usable_size(void* p) noexcept {
  return p == nullptr ? 0 : static_cast<header*>(p)[-1].bytes;
}
void cfree(void* p) { free(p); }
void* __libc_malloc(std::size_t n) { return malloc(n); }
void* __libc_calloc(std::size_t count, std::size_t n) { return calloc(count, n); }
void* __libc_realloc(void* p, std::size_t n) { return realloc(p, n); }
void __libc_free(void* p) { free(p); }
void __libc_cfree(void* p) { free(p); }
void* __libc_memalign(std::size_t align, std::size_t n) { return memalign(align, n); }
void* __libc_valloc(std::size_t n) { return valloc(n); }
void* __libc_pvalloc(std::size_t n) { return pvalloc(n); }
int __posix_memalign(void** out, std::size_t align, std::size_t n) { return posix_memalign(out, align, n); }
}

int main() {
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; t++) {
    threads.emplace_back([t] {
      std::vector<std::string> words;
      for (int i = 0; i < 500; i++)
        words.emplace_back(static_cast<std::size_t>(i), static_cast<char>('a' + t));
    });
  }
  for (std::thread& t : threads) t.join();
  char* copy = strdup("as strdup takes it");
  const bool by_strdup = ours(copy);
  free(copy);
  void* volatile aligned = aligned_alloc(4096, 1);
  const bool all = by_strdup && ours(aligned) && ours(new int) && taken > 3000 && freed > 3000;
  std::printf("taken %d freed %d\n", taken, freed);
  return all ? 0 : 1;
}
