// The program's file: its segments, its unwind table, and the note that leads to the runtime's table
// (runtime/sched/debugger_table.h). Addresses are the file's; a process has them `bias` further up.
#pragma once
#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace rt0db {

// A file, mapped; for as long as it lives.
class mapped_file {
 public:
  // Throws: failure(no_process) if it may not be read, failure(failed) otherwise.
  explicit mapped_file(const std::string& path);
  mapped_file(const mapped_file&) = delete;
  mapped_file& operator=(const mapped_file&) = delete;
  ~mapped_file();

  std::span<const std::byte> bytes() const { return bytes_; }
  int fd() const { return fd_; }
  const std::string& path() const { return path_; }

  // A structure at an offset; nullptr: the file ends before.
  template <class T>
  const T* at(std::size_t offset, std::size_t count = 1) const {
    if (offset > bytes_.size() || count > (bytes_.size() - offset) / sizeof(T)) return nullptr;
    return reinterpret_cast<const T*>(bytes_.data() + offset);
  }

 private:
  std::string path_;
  int fd_ = -1;
  std::span<const std::byte> bytes_;
};

// The notes in [offset, offset + bytes) of an ELF file, one after the other: visit(type, owner, contents).
template <class Visit>
void for_each_note(const mapped_file& file, std::size_t offset, std::size_t bytes, Visit visit) {
  constexpr auto aligned = [](std::size_t n) { return (n + 3) & ~std::size_t{3}; };
  const std::size_t end = offset + bytes;
  while (offset + sizeof(Elf64_Nhdr) <= end) {
    const auto* note = file.at<Elf64_Nhdr>(offset);
    if (note == nullptr) return;
    const std::size_t name = offset + sizeof(Elf64_Nhdr), contents = name + aligned(note->n_namesz);
    offset = contents + aligned(note->n_descsz);
    const char* owner = file.at<char>(name, note->n_namesz);
    if (offset > end || owner == nullptr || file.at<std::byte>(contents, note->n_descsz) == nullptr) return;
    visit(note->n_type, std::string(owner, note->n_namesz == 0 ? 0 : note->n_namesz - 1),
          std::span(file.at<std::byte>(contents, note->n_descsz), note->n_descsz), contents);
  }
}

// An ELF64 file's program headers; empty: it is none.
std::span<const Elf64_Phdr> program_headers(const mapped_file& file);

class image {
 public:
  // Throws failure(not_rt0) if it is no program of this runtime's version.
  explicit image(const std::string& path);

  const mapped_file& file() const { return file_; }
  std::uintptr_t table() const { return table_; }  // of rt0_debugger_table
  std::uintptr_t phdr_address() const { return phdr_address_; }
  std::uintptr_t eh_frame_hdr() const { return eh_frame_hdr_; }
  bool in_text(std::uintptr_t address) const;
  const Elf64_Ehdr& header() const { return *file_.at<Elf64_Ehdr>(0); }
  // The linker's name for this very link, and where it lies; empty: it gave none.
  const std::string& build_id() const { return build_id_; }
  std::uintptr_t build_id_address() const { return build_id_address_; }

  // What the file has at [address, + bytes); false: not all of it.
  bool read(std::uintptr_t address, void* into, std::size_t bytes) const;

 private:
  void look_at_notes(const Elf64_Phdr& ph);
  void check_version() const;

  mapped_file file_;
  std::span<const Elf64_Phdr> headers_;
  std::uintptr_t table_ = 0, phdr_address_ = 0, eh_frame_hdr_ = 0, build_id_address_ = 0;
  std::string build_id_;
};

}  // namespace rt0db
