// After start the image's PT_GNU_RELRO range is read-only, and no mapping of the program can be both written
// and executed. (That a write there faults follows; it is not tried, since one cannot come back from it
// without a child process.)
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <elf.h>
#include <link.h>
#include <sys/auxv.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

namespace {

struct mapping {
  std::uintptr_t lo = 0, hi = 0;
  char rights[5] = {};
};

std::vector<mapping> mappings() {
  std::vector<mapping> all;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    mapping m;
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &m.lo, &m.hi, m.rights) == 3) all.push_back(m);
  }
  return all;
}

std::string rights_at(std::uintptr_t a) {
  for (const mapping& m : mappings())
    if (a >= m.lo && a < m.hi) return m.rights;
  return "unmapped";
}

// The main program's own segments, and where it was loaded.
struct image {
  const ElfW(Phdr) * headers = nullptr;
  std::size_t count = 0;
  std::uintptr_t bias = 0;
  image() {
    // The first one reported is the program.
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* self) {
          *static_cast<image*>(self) = image(info->dlpi_phdr, info->dlpi_phnum, info->dlpi_addr);
          return 1;
        },
        this);
  }
  image(const ElfW(Phdr) * h, std::size_t n, std::uintptr_t b) : headers(h), count(n), bias(b) {}
  const ElfW(Phdr) * find(std::uint32_t type) const {
    for (std::size_t i = 0; i < count; ++i)
      if (headers[i].p_type == type) return &headers[i];
    return nullptr;
  }
};

int first = 1, second = 2;
// Constant, but relocated: lies in .data.rel.ro.
int* const relocated[] = {&first, &second};
int written = 5;

}  // namespace

TEST_CASE("every whole page of PT_GNU_RELRO is r--p") {
  const image self;
  const ElfW(Phdr)* relro = self.find(PT_GNU_RELRO);
  REQUIRE(relro);
  CHECK(self.headers == reinterpret_cast<const ElfW(Phdr)*>(getauxval(AT_PHDR)));
  const std::uintptr_t lo = self.bias + relro->p_vaddr, hi = lo + relro->p_memsz;
  const std::uintptr_t page = 4096;
  for (std::uintptr_t a = (lo + page - 1) & ~(page - 1); a + page <= (hi & ~(page - 1)); a += page)
    CHECK(rights_at(a) == "r--p");
  CHECK(hi > lo);
}

TEST_CASE("a relocated constant cannot be written, a variable can, code can only run") {
  int* const* volatile table = relocated;
  CHECK(*table[1] == 2);
  CHECK(rights_at(reinterpret_cast<std::uintptr_t>(table)) == "r--p");
  CHECK(rights_at(reinterpret_cast<std::uintptr_t>(&written)) == "rw-p");
  CHECK(rights_at(reinterpret_cast<std::uintptr_t>(&rights_at)) == "r-xp");
}

TEST_CASE("nothing is both writable and executable") {
  for (const mapping& m : mappings()) CHECK_FALSE((m.rights[1] == 'w' && m.rights[2] == 'x'));
}
