// The C names of the heap, hosted under names of their own (malloc_names.h): glibc's rules and errno.
//
//   g++ ... -include tests/runtime/malloc_names.h -c runtime/libc/malloc.cc, then link with the sources that
//   heap_test.cc names.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <errno.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "tests/runtime/fake_m.h"

extern "C" {
void* rt0_test_malloc(std::size_t);
void rt0_test_free(void*);
void* rt0_test_calloc(std::size_t, std::size_t);
void* rt0_test_realloc(void*, std::size_t);
void* rt0_test_reallocarray(void*, std::size_t, std::size_t);
void* rt0_test_memalign(std::size_t, std::size_t);
void* rt0_test_aligned_alloc(std::size_t, std::size_t);
int rt0_test_posix_memalign(void**, std::size_t, std::size_t);
void* rt0_test_valloc(std::size_t);
void* rt0_test_pvalloc(std::size_t);
std::size_t rt0_test_malloc_usable_size(void*);
void* rt0_test_libc_malloc(std::size_t);
void* rt0_test_libc_calloc(std::size_t, std::size_t);
void* rt0_test_libc_realloc(void*, std::size_t);
void rt0_test_libc_free(void*);
}

namespace {

bool aligned_to(const void* p, std::size_t align) { return reinterpret_cast<std::uintptr_t>(p) % align == 0; }

// The call returned nullptr and set errno.
template <class F>
int error_of(F f) {
  errno = 0;
  void* got = f();
  CHECK(got == nullptr);
  return errno;
}

}  // namespace

TEST_CASE("malloc(0) is a pointer of its own; free keeps errno") {
  void* a = rt0_test_malloc(0);
  void* b = rt0_test_malloc(0);
  CHECK(a != nullptr);
  CHECK(a != b);
  errno = 77;
  rt0_test_free(a);
  rt0_test_free(b);
  rt0_test_free(nullptr);
  rt0_test_free(rt0_test_malloc(3 << 20));
  CHECK(errno == 77);
}

TEST_CASE("too much is ENOMEM") {
  CHECK(error_of([] { return rt0_test_malloc(SIZE_MAX); }) == ENOMEM);
  CHECK(error_of([] { return rt0_test_malloc(std::size_t{PTRDIFF_MAX} + 1); }) == ENOMEM);
  CHECK(error_of([] { return rt0_test_calloc(SIZE_MAX / 2, 3); }) == ENOMEM);
  CHECK(error_of([] { return rt0_test_calloc(std::size_t{1} << 32, std::size_t{1} << 32); }) == ENOMEM);
  CHECK(error_of([] { return rt0_test_libc_calloc(SIZE_MAX, 2); }) == ENOMEM);
  CHECK(error_of([] { return rt0_test_realloc(nullptr, SIZE_MAX); }) == ENOMEM);
  CHECK(error_of([] { return rt0_test_reallocarray(nullptr, SIZE_MAX / 4, 8); }) == ENOMEM);
  CHECK(error_of([] { return rt0_test_memalign(64, SIZE_MAX - 10); }) == ENOMEM);
  CHECK(error_of([] { return rt0_test_memalign(std::size_t{1} << 63, 1); }) == ENOMEM);
  CHECK(error_of([] { return rt0_test_pvalloc(SIZE_MAX - 10); }) == ENOMEM);
  CHECK(error_of([] { return rt0_test_valloc(SIZE_MAX); }) == ENOMEM);
}

TEST_CASE("calloc clears, realloc(p, 0) frees, reallocarray multiplies") {
  auto* p = static_cast<unsigned char*>(rt0_test_malloc(200));
  std::memset(p, 0xff, 200);
  rt0_test_free(p);
  auto* q = static_cast<unsigned char*>(rt0_test_calloc(20, 10));
  for (int i = 0; i < 200; i++) CHECK(q[i] == 0);
  q = static_cast<unsigned char*>(rt0_test_reallocarray(q, 1000, 10));
  CHECK(rt0_test_malloc_usable_size(q) >= 10000);
  errno = 0;
  CHECK(rt0_test_realloc(q, 0) == nullptr);
  CHECK(errno == 0);
  rt0_test_free(rt0_test_realloc(nullptr, 0));
}

TEST_CASE("alignment rules") {
  CHECK(error_of([] { return rt0_test_aligned_alloc(0, 8); }) == EINVAL);
  CHECK(error_of([] { return rt0_test_aligned_alloc(24, 48); }) == EINVAL);
  CHECK(error_of([] { return rt0_test_memalign((std::size_t{1} << 63) + 1, 8); }) == EINVAL);
  void* p = rt0_test_aligned_alloc(64, 7);
  CHECK(aligned_to(p, 64));
  rt0_test_free(p);
  p = rt0_test_memalign(48, 100);  // rounded up to 64
  CHECK(aligned_to(p, 64));
  rt0_test_free(p);
  rt0_test_free(rt0_test_memalign(0, 8));
  p = rt0_test_valloc(10);
  CHECK(aligned_to(p, 4096));
  rt0_test_free(p);
  p = rt0_test_pvalloc(0);
  CHECK(aligned_to(p, 4096));
  CHECK(rt0_test_malloc_usable_size(p) >= 4096);
  rt0_test_free(p);
  CHECK(rt0_test_malloc_usable_size(nullptr) == 0);
}

TEST_CASE("posix_memalign answers with the error, and leaves errno and *out") {
  void* out = &out;
  errno = 0;
  for (std::size_t bad : {0ul, 1ul, 2ul, 4ul, 12ul, 24ul}) {
    CHECK(rt0_test_posix_memalign(&out, bad, 8) == EINVAL);
  }
  CHECK(rt0_test_posix_memalign(&out, 8, SIZE_MAX) == ENOMEM);
  CHECK(out == &out);
  CHECK(errno == 0);
  for (std::size_t align = 8; align <= 1 << 20; align *= 2) {
    REQUIRE(rt0_test_posix_memalign(&out, align, 100) == 0);
    CHECK(aligned_to(out, align));
    rt0_test_free(out);
  }
}

TEST_CASE("musl's internal names are the same heap") {
  void* p = rt0_test_libc_malloc(10);
  p = rt0_test_libc_realloc(p, 1000);
  rt0_test_free(p);
  rt0_test_libc_free(rt0_test_libc_calloc(3, 3));
}

int main(int argc, char** argv) {
  fake_m m;
  doctest::Context context(argc, argv);
  const int status = context.run();
  return status != 0 ? status : m.locks() != 0;
}
