// Random reads of a file by threads: what lies in the page cache, and what does not. Built on rt0, where a
// thread is a goroutine, and by the machine's own compiler. No rt0 header.
#include <fcntl.h>
#include <unistd.h>

#include <random>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

#include "tests/bench/micro/harness.h"

namespace {

using bench::figure;

constexpr long block_bytes = 4096, threads = 8;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

// A file of random blocks that has no name any more. Block i begins with i.
class scratch_file {
 public:
  explicit scratch_file(long blocks) {
    const char* folder = std::getenv("TMPDIR");
    std::string name = std::string(folder != nullptr ? folder : "/tmp") + "/rt0-bench-XXXXXX";
    fd_ = mkostemp(name.data(), O_CLOEXEC);
    if (fd_ < 0) fail("mkostemp");
    unlink(name.c_str());
    std::vector<long> block(block_bytes / sizeof(long));
    for (long i = 0; i < blocks; i++) {
      block[0] = i;
      if (write(fd_, block.data(), block_bytes) != block_bytes) fail("write");
    }
    if (fsync(fd_) != 0) fail("fsync");
  }
  ~scratch_file() { close(fd_); }
  scratch_file(const scratch_file&) = delete;
  scratch_file& operator=(const scratch_file&) = delete;

  void forget_pages() const {
    if (const int error = posix_fadvise(fd_, 0, 0, POSIX_FADV_DONTNEED)) {
      throw std::system_error(error, std::generic_category(), "posix_fadvise");
    }
    posix_fadvise(fd_, 0, 0, POSIX_FADV_RANDOM);  // no reading ahead
  }
  long first_word(long index) const {
    long block[block_bytes / sizeof(long)];
    if (pread(fd_, block, block_bytes, index * block_bytes) != block_bytes) fail("pread");
    return block[0];
  }

 private:
  int fd_;
};

std::vector<figure> read_all(const char* name, const scratch_file& file, long blocks, long reads) {
  std::atomic<bool> wrong = false;
  std::vector<std::thread> readers;
  const bench::stopwatch time;
  for (long k = 0; k < threads; k++) {
    readers.emplace_back([&, k] {
      std::minstd_rand random(static_cast<unsigned>(k + 1));
      for (long i = 0; i < reads / threads; i++) {
        const long at = static_cast<long>(random()) % blocks;
        if (file.first_word(at) != at) wrong = true;
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  std::vector<figure> result = bench::each(name, time, reads / threads * threads);
  if (wrong) throw std::runtime_error("a wrong block was read");
  return result;
}

// Every block is in the page cache: per read.
std::vector<figure> read_hot(const char* name, long count) {
  constexpr long blocks = 4096;
  const scratch_file file(blocks);
  return read_all(name, file, blocks, count);
}

// Few are: each read waits for the disk.
std::vector<figure> read_cold(const char* name, long count) {
  const long blocks = 8 * count;
  const scratch_file file(blocks);
  file.forget_pages();
  return read_all(name, file, blocks, count);
}

constexpr bench::workload workloads[] = {
    {"read_hot", read_hot, 200'000, 100},
    {"read_cold", read_cold, 4'000, 16},
};

}  // namespace

int main(int argc, char** argv) { return bench::main(argc, argv, {workloads}); }
