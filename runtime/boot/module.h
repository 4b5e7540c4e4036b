// The program's image as the runtime's reports see it: Go's moduledata. Filled in by schedinit's steps.
#pragma once
#include <cstddef>
#include <cstdint>

namespace rt0 {

struct address_range {
  std::uintptr_t lo, hi;  // [lo, hi)

  bool contains(std::uintptr_t a) const { return a >= lo && a < hi; }
};

struct module_data {
  std::uint32_t unwind_entries = 0;  // functions that .eh_frame_hdr lists
  address_range text{};              // executable segments
  address_range core_text{};         // rt0_text: never preempted
  address_range read_only_data{};    // after relocation: type_info objects and vtables lie here
  const void*
      type_info_vtables[3]{};  // class, single and multiple inheritance; nullptr: the program has none
  int root_count = 0;
  static constexpr int max_roots = 8;
  address_range roots[max_roots]{};  // where a conservative mark starts: g0's stack, writable segments
};

extern constinit module_data module;

// schedinit's steps, in its order.
void moduledataverify() noexcept;
void modulesinit() noexcept;
void typelinksinit() noexcept;
void itabsinit() noexcept;
void stkobjinit() noexcept;
void gcinit() noexcept;

// RT0_DEBUG=inittrace=1: what the steps found, a line each on fd 2.
void trace_schedinit() noexcept;

}  // namespace rt0
