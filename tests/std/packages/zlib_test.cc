// Debian's libz.a, compiled against glibc: 40 threads compress and decompress, in memory and through gzFile.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

std::string words(unsigned seed) {
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < 50'000) text += "word" + std::to_string(random() % 997) + " ";
  return text;
}

bool in_memory(const std::string& text) {
  std::vector<Bytef> small(compressBound(text.size()));
  uLongf bytes = small.size();
  if (compress2(small.data(), &bytes, reinterpret_cast<const Bytef*>(text.data()), text.size(), 6) != Z_OK)
    return false;
  std::string back(text.size(), '\0');
  uLongf back_bytes = back.size();
  return bytes < text.size() / 2 &&
         uncompress(reinterpret_cast<Bytef*>(back.data()), &back_bytes, small.data(), bytes) == Z_OK &&
         back == text;
}

bool in_file(const std::string& text) {
  char name[] = "/tmp/rt0-zlib-XXXXXX";
  const int fd = mkstemp(name);
  gzFile out = gzdopen(fd, "wb9");
  const bool wrote = gzprintf(out, "%s", text.substr(0, 1000).c_str()) == 1000 &&
                     gzwrite(out, text.data() + 1000, static_cast<unsigned>(text.size() - 1000)) > 0;
  const bool closed = gzclose(out) == Z_OK;
  gzFile in = gzopen(name, "rb");
  std::string back(text.size(), '\0');
  const int got = gzread(in, back.data(), static_cast<unsigned>(back.size()));
  gzclose(in);
  unlink(name);
  return wrote && closed && got == static_cast<int>(text.size()) && back == text;
}

}  // namespace

TEST_CASE("40 threads compress and decompress") {
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 40; i++) {
    threads.emplace_back([&right, i] {
      const std::string text = words(i);
      right += in_memory(text) && in_file(text);
    });
  }
  for (auto& t : threads) t.join();
  CHECK(right == 40);
}
