// C stdio: formats, files, ungetc, whole lines from many threads, flockfile.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace {

// A file of one's own under TMPDIR, gone at the end.
struct temp_file {
  std::string path = std::string(getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp") + "/rt0-stdio-XXXXXX";
  temp_file() {
    const int fd = mkstemp(path.data());
    REQUIRE(fd >= 0);
    close(fd);
  }
  ~temp_file() { unlink(path.c_str()); }
};

[[gnu::format(printf, 1, 2)]] std::string formatted(const char* format, ...) {
  char buf[256];
  va_list ap;
  va_start(ap, format);
  vsnprintf(buf, sizeof buf, format, ap);
  va_end(ap);
  return buf;
}

}  // namespace

TEST_CASE("printf formats") {
  CHECK(formatted("%d %5.2f %s %c %#x %%", -3, 3.14159, "text", 'z', 255) == "-3  3.14 text z 0xff %");
  CHECK(formatted("%.10g %e %a", 0.1, 12345.678, 1.0) == "0.1 1.234568e+04 0x1p+0");
  CHECK(formatted("%f", 1e15 / 3) == "333333333333333.312500");
  CHECK(formatted("%Lf", 1.5L) == "1.500000");
  CHECK(formatted("%zu %lld %hhd", sizeof(int), -1LL, 300 & 0x7f) == "4 -1 44");
  CHECK(formatted("%-6s|%06d|%+d|%*d", "ab", 42, 7, 4, 9) == "ab    |000042|+7|   9");
  char small[4];
  const char* volatile longer = "abcdef";
  CHECK(snprintf(small, sizeof small, "%s", longer) == 6);
  CHECK(std::string(small) == "abc");
}

TEST_CASE("scanf reads back what printf wrote") {
  int n = 0;
  double d = 0;
  char word[8] = {};
  CHECK(sscanf("17 2.5 hello", "%d %lf %7s", &n, &d, word) == 3);
  CHECK(n == 17);
  CHECK(d == 2.5);
  CHECK(std::string(word) == "hello");
}

TEST_CASE("fopen, fputs, fgets, ungetc, fseek, feof") {
  temp_file t;
  FILE* f = fopen(t.path.c_str(), "w+");
  REQUIRE(f);
  CHECK(fputs("first\nsecond\n", f) >= 0);
  CHECK(fputc('x', f) == 'x');
  CHECK(ftell(f) == 14);
  rewind(f);
  char line[64];
  CHECK(fgets(line, sizeof line, f) == line);
  CHECK(std::string(line) == "first\n");
  const int c = fgetc(f);
  CHECK(c == 's');
  CHECK(ungetc('S', f) == 'S');
  CHECK(fgets(line, 4, f) == line);
  CHECK(std::string(line) == "Sec");
  CHECK(fseek(f, -1, SEEK_END) == 0);
  CHECK(getc(f) == 'x');
  CHECK(getc(f) == EOF);
  CHECK(feof(f));
  CHECK_FALSE(ferror(f));
  CHECK(fclose(f) == 0);
  errno = 0;
  CHECK(fopen("/no/such/file", "r") == nullptr);
  CHECK(errno == ENOENT);
}

TEST_CASE("fread and fwrite of a megabyte") {
  temp_file t;
  std::vector<unsigned> out(1 << 18), in(1 << 18);
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<unsigned>(i * 2654435761u);
  FILE* f = fopen(t.path.c_str(), "wb");
  REQUIRE(f);
  CHECK(fwrite(out.data(), 4, out.size(), f) == out.size());
  CHECK(fclose(f) == 0);
  f = fopen(t.path.c_str(), "rb");
  REQUIRE(f);
  CHECK(fread(in.data(), 4, in.size(), f) == in.size());
  CHECK(fclose(f) == 0);
  CHECK(in == out);
}

TEST_CASE("concurrent printf to one FILE keeps lines whole") {
  temp_file t;
  FILE* f = fopen(t.path.c_str(), "w");
  REQUIRE(f);
  constexpr int threads = 8, lines = 300;
  std::vector<std::thread> ts;
  for (int i = 0; i < threads; ++i)
    ts.emplace_back([=] {
      for (int r = 0; r < lines; ++r) {
        fprintf(f, "%d %d %s\n", i, r, std::string(20 + r % 50, static_cast<char>('a' + i)).c_str());
        if (r % 10 == 0) std::this_thread::yield();
      }
    });
  for (std::thread& th : ts) th.join();
  fclose(f);
  std::ifstream in(t.path);
  std::vector<int> next(threads, 0);
  int wrong = 0, seen = 0;
  int i = 0, r = 0;
  for (std::string text; in >> i >> r >> text; ++seen)
    wrong += r != next[i]++ || text != std::string(20 + r % 50, static_cast<char>('a' + i));
  CHECK(seen == threads * lines);
  CHECK(wrong == 0);
}

TEST_CASE("flockfile: several calls as one, though the owner switches in between; it nests") {
  temp_file t;
  FILE* f = fopen(t.path.c_str(), "w");
  REQUIRE(f);
  std::vector<std::thread> ts;
  for (char c = 'a'; c < 'e'; ++c)
    ts.emplace_back([=] {
      for (int r = 0; r < 50; ++r) {
        flockfile(f);
        for (int k = 0; k < 10; ++k) {
          fputc(c, f);  // takes the lock again: it is the owner's
          std::this_thread::yield();
          putc_unlocked(c, f);
        }
        fputc('\n', f);
        funlockfile(f);
      }
    });
  for (std::thread& th : ts) th.join();
  fclose(f);
  std::ifstream in(t.path);
  int lines = 0, torn = 0;
  for (std::string line; std::getline(in, line); ++lines) torn += line != std::string(20, line[0]);
  CHECK(lines == 200);
  CHECK(torn == 0);
}

TEST_CASE("ftrylockfile fails while another owns it") {
  flockfile(stderr);
  std::thread([] { CHECK(ftrylockfile(stderr) != 0); }).join();
  CHECK(ftrylockfile(stderr) == 0);
  funlockfile(stderr);
  funlockfile(stderr);
}

TEST_CASE("memory streams and getline") {
  char* text = nullptr;
  size_t bytes = 0;
  FILE* f = open_memstream(&text, &bytes);
  REQUIRE(f);
  fprintf(f, "one\n%s\n", std::string(500, 'y').c_str());
  fclose(f);
  CHECK(bytes == 505);
  f = fmemopen(text, bytes, "r");
  REQUIRE(f);
  char* line = nullptr;
  size_t room = 0;
  CHECK(getline(&line, &room, f) == 4);
  CHECK(getline(&line, &room, f) == 501);
  CHECK(getline(&line, &room, f) == -1);
  free(line);
  fclose(f);
  free(text);
}
