#include "runtime/mem/stack.h"

#include <errno.h>

#include "runtime/mem/pages.h"
#include "sys/image/image.h"
#include "sys/mem.h"

namespace rt0 {
namespace {

constexpr std::size_t shared_top_bytes =
    4096;  // G and TLS that fit here cost the stack nothing of its nominal size

}  // namespace

int stack_class_of(std::size_t bytes) noexcept {
  if (bytes > std::size_t{1} << max_stack_class) return -1;
  int size_class = min_stack_class;
  while ((std::size_t{1} << size_class) < bytes) size_class++;
  return size_class;
}

stack_alloc_result stack_alloc(int size_class, std::size_t g_bytes) noexcept {
  const auto tls = sys::image::tls();
  const std::size_t top = tls.bytes + g_bytes + tls.align;
  const std::size_t extra = top <= shared_top_bytes ? 0 : sys::round_up(top, sys::page_bytes);
  const std::size_t bytes = stack_guard_bytes + (std::size_t{1} << size_class) + extra;
  const auto mapping = map_pages(bytes, sys::map_kind::stack);
  if (!mapping.ok()) return {{}, mapping.error()};
  const auto base = reinterpret_cast<std::uintptr_t>(mapping.value());
  const auto guarded = sys::protect(mapping.value(), stack_guard_bytes, sys::access::none);
  if (!guarded.ok()) {
    unmap_pages(mapping.value(), bytes);
    return {{}, guarded.error()};
  }
  // One touched page of an 8 MiB stack must not become a huge page; the kernel may lack huge pages (EINVAL).
  (void)sys::advise(mapping.value(), bytes, sys::advice::no_huge_page);

  stack_place place{};
  place.slot = {base, bytes, static_cast<std::uint32_t>(size_class)};
  place.g = sys::round_down(base + bytes - g_bytes, tls.align);
  place.lo = base + stack_guard_bytes;
  place.hi = sys::round_down(place.g - tls.bytes, 64);
  return {place, 0};
}

}  // namespace rt0
