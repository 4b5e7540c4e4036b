// The vDSO is an ELF image that the kernel maps; its one symbol of interest is found by walking the dynamic
// symbol table (System V gABI, "Dynamic Section"; kernel, Documentation/ABI/stable/vdso). No versions are
// compared: x86-64's vDSO has only LINUX_2.6.
#include "sys/clock.h"

#include <elf.h>
#include <sys/syscall.h>
#include <time.h>

#include <atomic>

#include "rt0/arch.h"
#include "sys/auxv.h"

namespace rt0::sys {
namespace {

using clock_gettime_fn = int (*)(int, timespec*);
constinit std::atomic<clock_gettime_fn> vdso_clock_gettime{nullptr};
constinit std::atomic<int> calls{0};

bool same_name(const char* a, const char* b) {
  while (*a != 0 && *a == *b) a++, b++;
  return *a == *b;
}

struct dynamic_view {
  const Elf64_Sym* symbols = nullptr;
  const char* strings = nullptr;
  const Elf64_Word* hash = nullptr;  // DT_HASH: [1] is the number of symbols
};

dynamic_view read_dynamic(std::uintptr_t base) {
  dynamic_view view;
  const auto* header = reinterpret_cast<const Elf64_Ehdr*>(base);
  const auto* phdr = reinterpret_cast<const Elf64_Phdr*>(base + header->e_phoff);
  std::uintptr_t bias = 0;
  const Elf64_Dyn* dyn = nullptr;
  for (int i = 0; i < header->e_phnum; i++) {
    if (phdr[i].p_type == PT_LOAD) bias = base + phdr[i].p_offset - phdr[i].p_vaddr;
    if (phdr[i].p_type == PT_DYNAMIC) dyn = reinterpret_cast<const Elf64_Dyn*>(base + phdr[i].p_offset);
  }
  for (; dyn != nullptr && dyn->d_tag != DT_NULL; dyn++) {
    const std::uintptr_t at = bias + dyn->d_un.d_ptr;
    if (dyn->d_tag == DT_SYMTAB) view.symbols = reinterpret_cast<const Elf64_Sym*>(at);
    if (dyn->d_tag == DT_STRTAB) view.strings = reinterpret_cast<const char*>(at);
    if (dyn->d_tag == DT_HASH) view.hash = reinterpret_cast<const Elf64_Word*>(at);
  }
  return view;
}

// At the second call, since a process that asks the time only once (schedinit does) is better off without the
// page faults. Every thread that looks finds the same; no order is needed.
void look_up() noexcept {
  if (calls.fetch_add(1, std::memory_order_relaxed) != 1) return;
  const std::uintptr_t base = auxv_value(AT_SYSINFO_EHDR);
  if (base == 0) return;
  const dynamic_view view = read_dynamic(base);
  if (view.symbols == nullptr || view.strings == nullptr || view.hash == nullptr) return;
  for (Elf64_Word i = 0; i < view.hash[1]; i++) {
    if (!same_name(view.strings + view.symbols[i].st_name, "__vdso_clock_gettime")) continue;
    const std::uintptr_t at = base + view.symbols[i].st_value;
    vdso_clock_gettime.store(reinterpret_cast<clock_gettime_fn>(at), std::memory_order_relaxed);
    return;
  }
}

}  // namespace

std::int64_t nanotime(clock c) noexcept {
  timespec now{};
  const clock_gettime_fn by_vdso = vdso_clock_gettime.load(std::memory_order_relaxed);
  bool answered = false;
  if (by_vdso != nullptr) {
    // The vDSO is not the core's text: a signal there would take its caller in the core, who may hold the M
    // and its P, for the program's code and preempt it.
    m_locks_inc();
    answered = by_vdso(static_cast<int>(c), &now) == 0;
    m_locks_dec();
  }
  if (!answered) {
    raw_syscall(SYS_clock_gettime, static_cast<long>(c), reinterpret_cast<long>(&now));
    if (by_vdso == nullptr) look_up();
  }
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

void sleep_ns(std::int64_t duration_ns) noexcept {
  const timespec duration{duration_ns / 1'000'000'000, duration_ns % 1'000'000'000};
  raw_syscall(SYS_nanosleep, reinterpret_cast<long>(&duration), 0);
}

}  // namespace rt0::sys
