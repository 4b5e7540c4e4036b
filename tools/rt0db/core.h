// A core that the kernel wrote. What it leaves out (by default the pages of files, unless they were written
// to) is read from the program's file.
#pragma once
#include "tools/rt0db/image.h"
#include "tools/rt0db/process.h"

namespace rt0db {

class core_process final : public process {
 public:
  // Throws failure(failed) if it is no core, failure(not_rt0) if it is one of another program.
  core_process(const std::string& path, const image& program);

  std::span<const thread> threads() const override { return threads_; }
  std::uintptr_t bias() const override { return bias_; }
  std::int64_t stopped_at_ns() const override { return 0; }
  using process::read;
  void read(std::span<piece> pieces) override;

 private:
  void look_at_notes(const Elf64_Phdr& ph);
  void check_program() const;
  bool dumped(std::uintptr_t address, std::size_t bytes) const;
  bool read_one(std::uintptr_t address, std::byte* into, std::size_t bytes) const;

  mapped_file file_;
  const image& program_;
  std::vector<Elf64_Phdr> segments_;  // sorted
  std::vector<thread> threads_;
  std::uintptr_t bias_ = 0;
  bool has_bias_ = false;
};

}  // namespace rt0db
