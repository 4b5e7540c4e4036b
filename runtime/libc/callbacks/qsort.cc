// qsort and qsort_r: a merge sort, so that equal elements keep their order (glibc's do, and programs rely on
// it), and so that the array is a permutation of itself whenever the comparison throws: elements move by
// whole merges only.
//
// Rejected: sorting in place (musl's smoothsort), which is not stable; and indices to large elements
// (glibc's, above 32 bytes): one more indirection to save copies that few programs make.
#include <stdlib.h>
#include <string.h>

#include <cstddef>

#include "runtime/base/export.h"

namespace {

using compare = int (*)(const void*, const void*, void*);

struct order {
  std::size_t bytes;  // of an element
  compare before;
  void* context;
};

// Sorts count elements at `at`; `spare` has room for as many.
void merge_sort(char* at, std::size_t count, char* spare, const order& by) {
  if (count < 2) return;
  const std::size_t bytes = by.bytes, half = count / 2;
  char* left = at;
  char* right = at + half * bytes;
  merge_sort(left, half, spare, by);
  merge_sort(right, count - half, spare, by);
  char *const left_end = right, *const right_end = at + count * bytes;
  char* to = spare;
  while (left != left_end && right != right_end) {
    char*& from = by.before(left, right, by.context) <= 0 ? left : right;
    memcpy(to, from, bytes);
    to += bytes;
    from += bytes;
  }
  // What is left of the right half is in place; the rest of the left one goes before it.
  const auto left_over = static_cast<std::size_t>(left_end - left);
  memmove(right - left_over, left, left_over);
  memcpy(at, spare, static_cast<std::size_t>(to - spare));
}

struct room {
  void* block;
  explicit room(std::size_t bytes) : block(malloc(bytes)) {}
  room(const room&) = delete;
  ~room() { free(block); }
};

void swap(char* a, char* b, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; i++) {
    const char old = a[i];
    a[i] = b[i];
    b[i] = old;
  }
}

// Without memory: in place, order of equals lost.
void heap_sort(char* at, std::size_t count, const order& by) {
  const auto element = [&](std::size_t i) { return at + i * by.bytes; };
  const auto sink = [&](std::size_t from, std::size_t end) {
    for (std::size_t child; (child = 2 * from + 1) < end; from = child) {
      if (child + 1 < end && by.before(element(child), element(child + 1), by.context) < 0) child++;
      if (by.before(element(from), element(child), by.context) >= 0) return;
      swap(element(from), element(child), by.bytes);
    }
  };
  for (std::size_t i = count / 2; i-- > 0;) sink(i, count);
  for (std::size_t end = count; end-- > 1;) {
    swap(at, element(end), by.bytes);
    sink(0, end);
  }
}

}  // namespace

RT0_EXPORT void qsort_r(void* base, std::size_t count, std::size_t bytes, compare before, void* context) {
  const order by{bytes, before, context};
  std::size_t needed;
  if (__builtin_mul_overflow(count, bytes, &needed) || count < 2) return;
  auto* const at = static_cast<char*>(base);
  constexpr std::size_t on_stack = 1024;
  if (needed <= on_stack) {
    char spare[on_stack];
    return merge_sort(at, count, spare, by);
  }
  const room spare(needed);
  if (spare.block != nullptr) return merge_sort(at, count, static_cast<char*>(spare.block), by);
  heap_sort(at, count, by);
}

RT0_EXPORT void qsort(void* base, std::size_t count, std::size_t bytes,
                      int (*before)(const void*, const void*)) {
  // A function of two arguments is not one of three.
  qsort_r(
      base, count, bytes,
      [](const void* a, const void* b, void* f) {
        return (*static_cast<int (**)(const void*, const void*)>(f))(a, b);
      },
      &before);
}
