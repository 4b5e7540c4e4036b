// malloc and its family: the C names of the heap, with glibc's rules where musl's differ, since programs are
// compiled against glibc's headers and habits (realloc to 0 frees; memalign rounds a crooked alignment up;
// pvalloc(0) is a page).
//
// All names are weak: a program may bring jemalloc, mimalloc, or a malloc of its own. musl's own members call
// __libc_malloc, __libc_calloc and __libc_free by those names (musl 1.2.3's dlerror, dcngettext, locale_map,
// __tz and posix_spawn_file_actions_*): ours, or those of an allocator that brings them too, as jemalloc
// does. The two heaps never meet: what those members take by __libc_malloc they keep, or give back by
// __libc_free; what crosses to the program (strdup, getline, opendir) is taken by `malloc`.
//
// A program that brings malloc and free but not the aligned names would free our blocks with its free. As in
// musl, the aligned names then fail with ENOMEM; calloc and reallocarray go through the program's malloc and
// realloc.
#include <cstddef>
#include <cstdint>

#include "runtime/base/export.h"
#include "runtime/mem/cache.h"
#include "runtime/mem/heap.h"
#include "sys/mem.h"

extern "C" int* __errno_location();

extern "C" void* rt0_own_malloc(std::size_t bytes) noexcept;
extern "C" void* rt0_own_calloc(std::size_t count, std::size_t bytes) noexcept;
extern "C" void* rt0_own_realloc(void* block, std::size_t bytes) noexcept;
extern "C" void rt0_own_free(void* block) noexcept;

#define RT0_SAME_AS(name) __attribute__((alias(#name)))
RT0_EXPORT_WEAK void* malloc(std::size_t) noexcept RT0_SAME_AS(rt0_own_malloc);
RT0_EXPORT_WEAK void* realloc(void*, std::size_t) noexcept RT0_SAME_AS(rt0_own_realloc);
RT0_EXPORT_WEAK void free(void*) noexcept RT0_SAME_AS(rt0_own_free);
RT0_EXPORT_WEAK void* __libc_malloc(std::size_t) noexcept RT0_SAME_AS(rt0_own_malloc);
RT0_EXPORT_WEAK void* __libc_calloc(std::size_t, std::size_t) noexcept RT0_SAME_AS(rt0_own_calloc);
RT0_EXPORT_WEAK void* __libc_realloc(void*, std::size_t) noexcept RT0_SAME_AS(rt0_own_realloc);
RT0_EXPORT_WEAK void __libc_free(void*) noexcept RT0_SAME_AS(rt0_own_free);

namespace rt0 {
namespace {

constexpr int error_no_memory = 12;  // ENOMEM
constexpr int error_invalid = 22;    // EINVAL

void* fail(int error) {
  *__errno_location() = error;
  return nullptr;
}

void* or_no_memory(void* block) { return block != nullptr ? block : fail(error_no_memory); }

// Apart, so that malloc itself needs no stack frame.
[[gnu::noinline]] void* malloc_uncached(std::size_t bytes) {
  return or_no_memory(heap_alloc(bytes));
}

constexpr bool power_of_two(std::size_t n) { return n != 0 && (n & (n - 1)) == 0; }

using malloc_function = void* (*)(std::size_t);

// Volatile here and below: which malloc there is, the linker decides, and the compiler must not presume.
bool program_brings_malloc() {
  const volatile malloc_function theirs = ::malloc;
  return theirs != rt0_own_malloc;
}

// Precondition: align is a power of two. nullptr: out of memory; errno is the caller's.
void* aligned(std::size_t bytes, std::size_t align) {
  return program_brings_malloc() ? nullptr : heap_alloc_aligned(bytes, align);
}

// By a name that the compiler knows, malloc and memset would become calloc: us.
void* zeroed_by_program(std::size_t bytes) {
  const volatile malloc_function theirs = ::malloc;
  void* block = theirs(bytes);
  if (block != nullptr) __builtin_memset(block, 0, bytes);
  return block;
}

}  // namespace
}  // namespace rt0

void* rt0_own_malloc(std::size_t bytes) noexcept {
  void* const block = rt0::cached_alloc(bytes);
  return block != nullptr ? block : rt0::malloc_uncached(bytes);
}

void rt0_own_free(void* block) noexcept {
  if (!rt0::cached_free(block)) rt0::heap_free(block);
}

void* rt0_own_calloc(std::size_t count, std::size_t bytes) noexcept {
  std::size_t total;
  if (__builtin_mul_overflow(count, bytes, &total)) return rt0::fail(rt0::error_no_memory);
  return rt0::or_no_memory(rt0::heap_alloc_zeroed(total));
}

void* rt0_own_realloc(void* block, std::size_t bytes) noexcept {
  if (block != nullptr && bytes == 0) {
    rt0::heap_free(block);
    return nullptr;
  }
  return rt0::or_no_memory(rt0::heap_realloc(block, bytes));
}

RT0_EXPORT_WEAK void* calloc(std::size_t count, std::size_t bytes) noexcept {
  if (!rt0::program_brings_malloc()) [[likely]]
    return rt0_own_calloc(count, bytes);
  std::size_t total;
  if (__builtin_mul_overflow(count, bytes, &total)) return rt0::fail(rt0::error_no_memory);
  return rt0::zeroed_by_program(total);
}

RT0_EXPORT_WEAK void* reallocarray(void* block, std::size_t count, std::size_t bytes) noexcept {
  std::size_t total;
  if (__builtin_mul_overflow(count, bytes, &total)) return rt0::fail(rt0::error_no_memory);
  return ::realloc(block, total);
}

// C17: an alignment that is not a power of two is EINVAL; the size need not be a multiple.
RT0_EXPORT_WEAK void* aligned_alloc(std::size_t align, std::size_t bytes) noexcept {
  if (!rt0::power_of_two(align)) return rt0::fail(rt0::error_invalid);
  return rt0::or_no_memory(rt0::aligned(bytes, align));
}

// glibc's: an alignment that is not a power of two becomes the next one.
RT0_EXPORT_WEAK void* memalign(std::size_t align, std::size_t bytes) noexcept {
  if (align > SIZE_MAX / 2 + 1) return rt0::fail(rt0::error_invalid);
  std::size_t up = rt0::power_of_two(align) ? align : 1;
  while (up < align) up *= 2;
  return rt0::or_no_memory(rt0::aligned(bytes, up));
}

// Answers with the error, leaves errno and, unless it succeeds, *out.
RT0_EXPORT_WEAK int posix_memalign(void** out, std::size_t align, std::size_t bytes) noexcept {
  if (!rt0::power_of_two(align) || align % sizeof(void*) != 0) return rt0::error_invalid;
  void* block = rt0::aligned(bytes, align);
  if (block == nullptr) return rt0::error_no_memory;
  *out = block;
  return 0;
}

RT0_EXPORT_WEAK void* valloc(std::size_t bytes) noexcept {
  return rt0::or_no_memory(rt0::aligned(bytes, rt0::sys::page_bytes));
}

RT0_EXPORT_WEAK void* pvalloc(std::size_t bytes) noexcept {
  const std::size_t pages = rt0::sys::round_up(bytes == 0 ? 1 : bytes, rt0::sys::page_bytes);
  if (pages < bytes) return rt0::fail(rt0::error_no_memory);
  return rt0::or_no_memory(rt0::aligned(pages, rt0::sys::page_bytes));
}

RT0_EXPORT_WEAK std::size_t malloc_usable_size(void* block) noexcept { return rt0::heap_usable_bytes(block); }
