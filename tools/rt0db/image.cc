#include "tools/rt0db/image.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "rt0/layout.h"
#include "runtime/sched/debugger_table.h"
#include "tools/rt0db/failure.h"

namespace rt0db {

mapped_file::mapped_file(const std::string& path)
    : path_(path), fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (fd_ < 0)
    throw failure(errno == EACCES || errno == EPERM ? no_process : failed, path + ": " + strerror(errno));
  struct stat about {};
  void* at = MAP_FAILED;
  if (fstat(fd_, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > 0) {
    at = mmap(nullptr, static_cast<std::size_t>(about.st_size), PROT_READ, MAP_PRIVATE, fd_, 0);
  }
  if (at == MAP_FAILED) {
    close(fd_);
    throw failure(failed, path + ": cannot be read");
  }
  bytes_ = {static_cast<const std::byte*>(at), static_cast<std::size_t>(about.st_size)};
}

mapped_file::~mapped_file() {
  munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
  close(fd_);
}

std::span<const Elf64_Phdr> program_headers(const mapped_file& file) {
  const auto* eh = file.at<Elf64_Ehdr>(0);
  if (eh == nullptr || memcmp(eh->e_ident, ELFMAG, SELFMAG) != 0 || eh->e_ident[EI_CLASS] != ELFCLASS64 ||
      eh->e_machine != EM_X86_64 || eh->e_phentsize != sizeof(Elf64_Phdr)) {
    return {};
  }
  std::size_t count = eh->e_phnum;
  if (count == PN_XNUM) {  // a core of very many mappings
    const auto* section = file.at<Elf64_Shdr>(eh->e_shoff);
    count = section == nullptr ? 0 : section->sh_info;
  }
  const auto* first = file.at<Elf64_Phdr>(eh->e_phoff, count);
  return first == nullptr ? std::span<const Elf64_Phdr>{} : std::span(first, count);
}

image::image(const std::string& path) : file_(path), headers_(program_headers(file_)) {
  for (const Elf64_Phdr& ph : headers_) {
    if (ph.p_type == PT_NOTE) look_at_notes(ph);
    if (ph.p_type == PT_GNU_EH_FRAME) eh_frame_hdr_ = ph.p_vaddr;
    if (ph.p_type == PT_LOAD && ph.p_offset <= header().e_phoff &&
        header().e_phoff < ph.p_offset + ph.p_filesz) {
      phdr_address_ = header().e_phoff - ph.p_offset + ph.p_vaddr;
    }
  }
  if (table_ == 0) throw failure(not_rt0, path + ": not an rt0 program");
  check_version();
}

void image::look_at_notes(const Elf64_Phdr& ph) {
  for_each_note(file_, ph.p_offset, ph.p_filesz,
                [&](Elf64_Word type, const std::string& owner, std::span<const std::byte> contents,
                    std::size_t offset) {
                  std::int64_t distance = 0;
                  if (owner == "rt0" && type == NOTE_DEBUGGER && contents.size() == sizeof(distance)) {
                    memcpy(&distance, contents.data(), sizeof(distance));
                    table_ = ph.p_vaddr + (offset - ph.p_offset) + static_cast<std::uintptr_t>(distance);
                  }
                  if (owner == "GNU" && type == NT_GNU_BUILD_ID) {
                    build_id_.assign(reinterpret_cast<const char*>(contents.data()), contents.size());
                    build_id_address_ = ph.p_vaddr + (offset - ph.p_offset);
                  }
                });
}

void image::check_version() const {
  std::uint64_t layout = 0;
  if (!read(table_ + offsetof(rt0::debugger_table, layout), &layout, sizeof(layout))) {
    throw failure(not_rt0, file_.path() + ": its rt0 note leads nowhere");
  }
  if (layout != rt0::debugger_layout()) {
    throw failure(not_rt0, file_.path() + ": linked with another version of rt0 than this debugger's");
  }
}

bool image::in_text(std::uintptr_t address) const {
  for (const Elf64_Phdr& ph : headers_) {
    if (ph.p_type == PT_LOAD && (ph.p_flags & PF_X) != 0 && address >= ph.p_vaddr &&
        address < ph.p_vaddr + ph.p_memsz) {
      return true;
    }
  }
  return false;
}

bool image::read(std::uintptr_t address, void* into, std::size_t bytes) const {
  for (const Elf64_Phdr& ph : headers_) {
    if (ph.p_type != PT_LOAD) continue;
    if (address < ph.p_vaddr || bytes > ph.p_filesz || address - ph.p_vaddr > ph.p_filesz - bytes) continue;
    const auto* from = file_.at<std::byte>(ph.p_offset + (address - ph.p_vaddr), bytes);
    if (from == nullptr) return false;
    memcpy(into, from, bytes);
    return true;
  }
  return false;
}

}  // namespace rt0db
