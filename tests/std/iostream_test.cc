// iostream: string streams, files, manipulators, exceptions from streams, many threads on cout. What cout and
// wcout write to fd 1 is read back through a file put in its place.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <clocale>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <locale>
#include <sstream>
#include <string>
#include <syncstream>
#include <thread>
#include <vector>

namespace {

// Runs f with fd 1 going to a file; returns what was written.
template <class F>
std::string written_to_stdout(F f) {
  std::string path = std::string(getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp") + "/rt0-cout-XXXXXX";
  const int file = mkstemp(path.data());
  REQUIRE(file >= 0);
  std::cout.flush();
  fflush(stdout);
  const int saved = dup(1);
  dup2(file, 1);
  f();
  std::cout.flush();
  std::wcout.flush();
  fflush(stdout);
  dup2(saved, 1);
  close(saved);
  close(file);
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  unlink(path.c_str());
  return text.str();
}

}  // namespace

TEST_CASE("formatting of numbers and manipulators") {
  std::ostringstream o;
  o << std::hex << std::showbase << 255 << ' ' << std::dec << std::setw(6) << std::setfill('*') << 42 << ' '
    << std::fixed << std::setprecision(3) << 2.0 / 3 << ' ' << std::boolalpha << true << ' '
    << std::scientific << 12345.0;
  CHECK(o.str() == "0xff ****42 0.667 true 1.234e+04");
}

TEST_CASE("reading back; a bad number sets failbit; exceptions() throws") {
  std::istringstream in("12 3.5 word x");
  int n = 0;
  double d = 0;
  std::string s;
  in >> n >> d >> s;
  CHECK(in.good());
  CHECK(n == 12);
  CHECK(d == 3.5);
  CHECK(s == "word");
  in >> n;
  CHECK(in.fail());
  std::istringstream strict("x");
  strict.exceptions(std::ios::failbit);
  CHECK_THROWS_AS(strict >> n, std::ios_base::failure);
  std::ifstream none("/no/such/file");
  CHECK_FALSE(none.is_open());
}

TEST_CASE("cout and printf to the same descriptor keep their order") {
  CHECK(written_to_stdout([] {
          std::cout << "one ";
          printf("two ");
          std::cout << 3 << ' ' << std::endl;
          puts("four");
        }) == "one two 3 \nfour\n");
}

TEST_CASE("lines from many threads through osyncstream are whole") {
  auto letters = [](int i) { return std::string(30, static_cast<char>('a' + i)); };
  const std::string out = written_to_stdout([&] {
    std::vector<std::thread> ts;
    for (int i = 0; i < 8; ++i)
      ts.emplace_back([&, i] {
        for (int r = 0; r < 50; ++r) std::osyncstream(std::cout) << i << ' ' << letters(i) << '\n';
      });
    for (std::thread& t : ts) t.join();
  });
  std::istringstream in(out);
  int lines = 0, torn = 0;
  for (std::string line; std::getline(in, line); ++lines)
    torn += line != std::string(1, line[0]) + ' ' + letters(line[0] - '0');
  CHECK(lines == 400);
  CHECK(torn == 0);
}

TEST_CASE("fstream: write, seek, read, binary") {
  std::string path = std::string(getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp") + "/rt0-fstream-XXXXXX";
  close(mkstemp(path.data()));
  std::fstream f(path, std::ios::in | std::ios::out | std::ios::trunc | std::ios::binary);
  REQUIRE(f.is_open());
  std::string big(100'000, 'q');
  f << "head " << big << std::flush;
  CHECK(f.tellp() == 100'005);
  f.seekg(5);
  std::string back(100'000, ' ');
  f.read(back.data(), 100'000);
  CHECK(f.gcount() == 100'000);
  CHECK(back == big);
  f.close();
  unlink(path.c_str());
}

// Last: once wide output is used the stream's orientation is fixed, and sync_with_stdio(false) is for good.
TEST_CASE("wcout writes UTF-8 under a UTF-8 locale") {
  REQUIRE(std::setlocale(LC_ALL, "C.UTF-8"));
  CHECK(written_to_stdout([] {
          std::cout.flush();
          std::ios::sync_with_stdio(false);
          std::wcout.imbue(std::locale("C.UTF-8"));
          std::wcout << L"h\u00e9llo \u20ac" << L' ' << 1234567 << std::endl;
        }) == "h\u00e9llo \u20ac 1234567\n");
}

TEST_CASE("who reads cin waits alone") {
  int pipe[2];
  REQUIRE(::pipe(pipe) == 0);
  const int saved = dup(0);
  dup2(pipe[0], 0);
  std::atomic<int> ticks{0};
  std::thread ticker([&] {
    for (; ticks < 1000; ticks++) std::this_thread::yield();
    CHECK(write(pipe[1], "42 and", 6) == 6);  // a slow writer: the word has no end yet
    for (; ticks < 2000; ticks++) std::this_thread::yield();
    CHECK(write(pipe[1], "more\n", 5) == 5);
    close(pipe[1]);
  });
  int number = 0;
  std::string word, rest;
  std::cin >> number;
  CHECK(ticks >= 1000);
  std::cin >> word;
  CHECK(ticks >= 2000);
  CHECK((number == 42 && word == "andmore"));
  CHECK_FALSE(static_cast<bool>(std::cin >> rest));
  ticker.join();
  dup2(saved, 0);
  close(saved);
  close(pipe[0]);
}
