#include "runtime/mem/pages.h"

#include "runtime/base/debug_options.h"
#include "runtime/base/report.h"
#include "sys/fd.h"

namespace rt0 {
namespace {

constinit int trace_fd = -1;

void write_trace(const char* text, std::size_t bytes) noexcept { sys::write_all(trace_fd, text, bytes); }

void trace(const char* what, const void* at, std::size_t bytes) noexcept {
  if (trace_fd < 0) return;
  report(write_trace) << what << hex{reinterpret_cast<std::uintptr_t>(at)} << " " << bytes << "\n";
}

}  // namespace

void page_trace_init(const char* debug_text) noexcept {
  char path[256];
  if (!early_debug_text(debug_text, "pagetrace", path, sizeof path)) return;
  const auto opened = sys::create(path);
  if (opened.ok()) {
    trace_fd = opened.value();
  } else {
    report() << "rt0: RT0_DEBUG: pagetrace: cannot create '" << path << "' (errno " << opened.error()
             << ")\n";
  }
}

sys::ret<void*> map_pages(std::size_t bytes, sys::map_kind kind) noexcept {
  const auto got = sys::map(bytes, kind);
  if (got.ok()) trace("map ", got.value(), bytes);
  return got;
}

void unmap_pages(void* at, std::size_t bytes) noexcept {
  trace("unmap ", at, bytes);
  // It fails only for a range that was never mapped, or where splitting one runs out of mappings: then it
  // stays.
  (void)sys::unmap(at, bytes);
}

sys::ret<void*> remap_pages(void* at, std::size_t old_bytes, std::size_t new_bytes, bool may_move) noexcept {
  const auto got = sys::remap(at, old_bytes, new_bytes, may_move);
  if (got.ok()) {
    trace("unmap ", at, old_bytes);
    trace("map ", got.value(), new_bytes);
  }
  return got;
}

}  // namespace rt0
