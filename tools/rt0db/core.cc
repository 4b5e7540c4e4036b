#include "tools/rt0db/core.h"

#include <sys/procfs.h>

#include <algorithm>
#include <cstring>

#include "tools/rt0db/failure.h"

namespace rt0db {

core_process::core_process(const std::string& path, const image& program) : file_(path), program_(program) {
  const auto headers = program_headers(file_);
  if (headers.empty() || file_.at<Elf64_Ehdr>(0)->e_type != ET_CORE)
    throw failure(failed, path + ": not a core");
  for (const Elf64_Phdr& ph : headers) {
    if (ph.p_type == PT_NOTE) look_at_notes(ph);
    if (ph.p_type == PT_LOAD) segments_.push_back(ph);
  }
  std::sort(segments_.begin(), segments_.end(),
            [](const Elf64_Phdr& a, const Elf64_Phdr& b) { return a.p_vaddr < b.p_vaddr; });
  if (!has_bias_ || threads_.empty()) throw failure(failed, path + ": a core without the notes of a process");
  check_program();
}

void core_process::look_at_notes(const Elf64_Phdr& ph) {
  for_each_note(
      file_, ph.p_offset, ph.p_filesz,
      [&](Elf64_Word type, const std::string& owner, std::span<const std::byte> contents, std::size_t) {
        if (owner != "CORE") return;
        if (type == NT_PRSTATUS && contents.size() >= sizeof(prstatus_t)) {
          const auto* status = reinterpret_cast<const prstatus_t*>(contents.data());
          thread t{.tid = status->pr_pid, .registers = {}};
          static_assert(sizeof(t.registers) == sizeof(status->pr_reg));
          memcpy(&t.registers, &status->pr_reg, sizeof(t.registers));
          threads_.push_back(t);
        }
        if (type != NT_AUXV) return;
        const auto* entries = reinterpret_cast<const Elf64_auxv_t*>(contents.data());
        for (std::size_t i = 0; i < contents.size() / sizeof(*entries); i++) {
          if (entries[i].a_type != AT_PHDR) continue;
          bias_ = entries[i].a_un.a_val - program_.phdr_address();
          has_bias_ = true;
        }
      });
}

// The runtime's table was written to, by relocation or with what lies beside it, so it was dumped; a
// program's first page, with its build id, is by default.
void core_process::check_program() const {
  const bool has_table = dumped(program_.table() + bias_, sizeof(std::uint64_t)) || bias_ == 0;
  std::string id(program_.build_id().size(), 0);
  auto* into = reinterpret_cast<std::byte*>(id.data());
  const std::uintptr_t id_address = program_.build_id_address() + bias_;
  const bool other_id =
      dumped(id_address, id.size()) && read_one(id_address, into, id.size()) && id != program_.build_id();
  if (!has_table || other_id)
    throw failure(not_rt0, file_.path() + ": not a core of " + program_.file().path());
}

bool core_process::dumped(std::uintptr_t address, std::size_t bytes) const {
  return std::any_of(segments_.begin(), segments_.end(), [&](const Elf64_Phdr& ph) {
    return address >= ph.p_vaddr && bytes <= ph.p_filesz && address - ph.p_vaddr <= ph.p_filesz - bytes;
  });
}

bool core_process::read_one(std::uintptr_t address, std::byte* into, std::size_t bytes) const {
  auto after = std::upper_bound(segments_.begin(), segments_.end(), address,
                                [](std::uintptr_t a, const Elf64_Phdr& ph) { return a < ph.p_vaddr; });
  while (bytes > 0 && after != segments_.begin()) {
    const Elf64_Phdr& ph = *(after - 1);
    if (address - ph.p_vaddr >= ph.p_filesz) break;
    const std::size_t here = std::min(bytes, ph.p_filesz - (address - ph.p_vaddr));
    const auto* from = file_.at<std::byte>(ph.p_offset + (address - ph.p_vaddr), here);
    if (from == nullptr) return false;  // the file was cut off
    memcpy(into, from, here);
    address += here;
    into += here;
    bytes -= here;
    if (after == segments_.end() || after->p_vaddr != address) break;
    ++after;
  }
  return bytes == 0 || program_.read(address - bias_, into, bytes);
}

void core_process::read(std::span<piece> pieces) {
  for (piece& p : pieces) {
    if (!read_one(p.address, p.into, p.bytes)) p.into = nullptr;
  }
}

}  // namespace rt0db
