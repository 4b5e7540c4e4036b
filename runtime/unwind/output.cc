#include "runtime/unwind/output.h"

#include "runtime/base/tables.h"
#include "sys/fd.h"
#include "sys/mem.h"

namespace rt0 {
namespace {

constexpr std::size_t piece_bytes = 16 << 10, first_bytes = 256 << 10;

RT0_TABLE constinit char piece[piece_bytes];
constinit std::size_t length = 0;
constinit kept_text kept{};

// False: no memory. The text is cut there.
bool grow() noexcept {
  const auto more = sys::remap(kept.at, kept.mapped_bytes, 2 * kept.mapped_bytes, true);
  if (!more.ok()) return false;
  kept.at = static_cast<char*>(more.value());
  kept.mapped_bytes *= 2;
  return true;
}

}  // namespace

bool output_keep() noexcept {
  output_flush();
  const auto fresh = sys::map(first_bytes, sys::map_kind::heap);
  if (!fresh.ok()) return false;
  kept = {static_cast<char*>(fresh.value()), 0, first_bytes};
  return true;
}

kept_text output_kept() noexcept {
  const kept_text all = kept;
  kept = {};
  return all;
}

void output_write(const char* text, std::size_t bytes) noexcept {
  for (std::size_t i = 0; i < bytes; i++) {
    if (kept.at != nullptr) {
      if (kept.bytes == kept.mapped_bytes && !grow()) return;
      kept.at[kept.bytes++] = text[i];
    } else {
      if (length == piece_bytes) output_flush();
      piece[length++] = text[i];
    }
  }
}

void output_flush() noexcept {
  sys::write_all(2, piece, length);
  length = 0;
}

}  // namespace rt0
