// Thread-local storage of the image: its layout, a block's contents, and g0's block, which rt0_go asks for.
#include <elf.h>

#include "rt0/layout.h"
#include "rt0/upcalls.h"
#include "sys/auxv.h"
#include "sys/fd.h"
#include "sys/image/image.h"
#include "sys/mem.h"
#include "sys/process.h"

namespace rt0 {
namespace sys::image {
namespace {

constexpr std::size_t min_tcb_align = 64;
constexpr int exit_no_resources = 2;

template <std::size_t N>
[[noreturn]] void start_failed(const char (&line)[N]) noexcept {
  write_all(2, line, N - 1);
  exit_group(exit_no_resources);
}

// g0 in a mapping of its own: for a TLS block that is too large, or too strictly aligned, for the room below
// the static g0.
g* relocated_g0(const g* static_g0, tls_layout need) noexcept {
  const std::size_t bytes = round_up(need.bytes + need.align + G_SIZE, page_bytes);
  const auto block = map(bytes, map_kind::heap);
  if (!block.ok())
    start_failed("rt0: cannot map the thread-local storage of the first stack (see RLIMIT_AS)\n");
  const std::uintptr_t top = reinterpret_cast<std::uintptr_t>(block.value()) + bytes - G_SIZE;
  auto* at = reinterpret_cast<std::uintptr_t*>(round_down(top, need.align));
  const auto* from = reinterpret_cast<const std::uintptr_t*>(static_g0);
  for (std::size_t i = G_STACK_LO / 8; i <= G_STACKGUARD1 / 8; i++) at[i] = from[i];
  return reinterpret_cast<g*>(at);
}

}  // namespace

tls_layout tls() noexcept {
  const Elf64_Phdr* ph = self().tls;
  if (ph == nullptr) return {0, min_tcb_align};
  const std::size_t align = ph->p_align > min_tcb_align ? ph->p_align : min_tcb_align;
  // The linker measures from the TCB down: offsets are -(round_up(p_memsz, p_align)) + st_value.
  return {round_up(ph->p_memsz, ph->p_align != 0 ? ph->p_align : 1), align};
}

void init_tls_block(void* tcb) noexcept {
  const Elf64_Phdr* ph = self().tls;
  if (ph == nullptr) return;
  char* block = static_cast<char*>(tcb) - tls().bytes;
  copy_forward(block, reinterpret_cast<const void*>(self().bias + ph->p_vaddr), ph->p_filesz);
  fill(block + ph->p_filesz, 0, ph->p_memsz - ph->p_filesz);
}

std::uintptr_t canary() noexcept {
  const auto* random = reinterpret_cast<const std::uintptr_t*>(auxv_value(AT_RANDOM));
  return random != nullptr ? *random & ~std::uintptr_t{0xff00} : 0;
}

}  // namespace sys::image

extern "C" g* rt0_tls_image(g* g0) {
  using namespace sys::image;
  const tls_layout need = tls();
  const bool fits = need.bytes <= G0_TLS_ROOM && reinterpret_cast<std::uintptr_t>(g0) % need.align == 0;
  g* at = fits ? g0 : relocated_g0(g0, need);
  init_tls_block(at);
  auto* tcb = reinterpret_cast<std::uintptr_t*>(at);
  tcb[TCB_SELF / 8] = reinterpret_cast<std::uintptr_t>(at);
  tcb[TCB_CANARY / 8] = canary();
  return at;
}

}  // namespace rt0
