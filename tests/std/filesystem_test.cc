// std::filesystem on a folder of its own under TMPDIR.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace fs = std::filesystem;

namespace {
struct temp_dir {
  fs::path path;
  temp_dir() {
    std::string name = (fs::temp_directory_path() / "rt0-fs-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()));
    path = name;
  }
  ~temp_dir() { fs::remove_all(path); }
};
void write(const fs::path& p, const std::string& text) { std::ofstream(p) << text; }
}  // namespace

TEST_CASE("create, walk sorted, sizes, remove_all") {
  temp_dir d;
  CHECK(fs::create_directories(d.path / "a" / "b" / "c"));
  CHECK_FALSE(fs::create_directories(d.path / "a" / "b"));
  write(d.path / "a" / "one", "1");
  write(d.path / "a" / "b" / "two", "22");
  write(d.path / "three", "333");
  std::vector<std::string> names;
  for (const auto& e : fs::recursive_directory_iterator(d.path))
    names.push_back(e.path().lexically_relative(d.path).string());
  std::sort(names.begin(), names.end());
  CHECK(names == std::vector<std::string>{"a", "a/b", "a/b/c", "a/b/two", "a/one", "three"});
  CHECK(fs::file_size(d.path / "three") == 3);
  CHECK(fs::is_directory(d.path / "a"));
  CHECK(fs::is_regular_file(d.path / "three"));
  CHECK(fs::remove_all(d.path / "a") == 5);
  CHECK_FALSE(fs::exists(d.path / "a"));
}

TEST_CASE("rename, copy, hard and symbolic links, canonical") {
  temp_dir d;
  write(d.path / "x", "text");
  fs::rename(d.path / "x", d.path / "y");
  CHECK(fs::copy_file(d.path / "y", d.path / "z"));
  CHECK_FALSE(fs::copy_file(d.path / "y", d.path / "z", fs::copy_options::skip_existing));
  fs::create_symlink("y", d.path / "link");
  CHECK(fs::is_symlink(d.path / "link"));
  CHECK(fs::read_symlink(d.path / "link") == "y");
  CHECK(fs::canonical(d.path / "link") == fs::canonical(d.path / "y"));
  fs::create_hard_link(d.path / "y", d.path / "hard");
  CHECK(fs::hard_link_count(d.path / "y") == 2);
  CHECK(fs::equivalent(d.path / "y", d.path / "hard"));
  fs::resize_file(d.path / "z", 2);
  CHECK(fs::file_size(d.path / "z") == 2);
}

TEST_CASE("times and permissions") {
  temp_dir d;
  write(d.path / "f", "x");
  const auto stamp = fs::file_time_type::clock::now() - std::chrono::hours(24);
  fs::last_write_time(d.path / "f", stamp);
  CHECK(std::chrono::abs(fs::last_write_time(d.path / "f") - stamp) < std::chrono::seconds(2));
  fs::permissions(d.path / "f", fs::perms::owner_read);
  CHECK(fs::status(d.path / "f").permissions() == fs::perms::owner_read);
}

TEST_CASE("errors: by exception with path and code, or by error_code") {
  CHECK_THROWS_AS(fs::directory_iterator("/no/such/folder"), fs::filesystem_error);
  try {
    (void)fs::file_size("/no/such/file");
    FAIL("no exception");
  } catch (const fs::filesystem_error& e) {
    CHECK(e.code() == std::errc::no_such_file_or_directory);
    CHECK(e.path1() == "/no/such/file");
  }
  std::error_code ec;
  CHECK_FALSE(fs::exists("/no/such/file", ec));
  fs::remove("/proc/self/status", ec);
  CHECK(ec);
}

TEST_CASE("current_path, absolute, space, temp_directory_path") {
  temp_dir d;
  const fs::path was = fs::current_path();
  fs::current_path(d.path);
  CHECK(fs::equivalent(fs::current_path(), d.path));
  write("relative", "r");
  CHECK(fs::absolute("relative").is_absolute());
  CHECK(fs::exists(d.path / "relative"));
  fs::current_path(was);
  CHECK(fs::space(d.path).capacity > 0);
}

TEST_CASE("many threads walk and write at once") {
  temp_dir d;
  std::vector<std::thread> ts;
  for (int i = 0; i < 20; ++i)
    ts.emplace_back([&, i] {
      const fs::path own = d.path / std::to_string(i);
      fs::create_directory(own);
      for (int k = 0; k < 10; ++k) {
        write(own / std::to_string(k), std::string(100 * k, 'x'));
        std::this_thread::yield();
      }
    });
  for (std::thread& t : ts) t.join();
  std::uintmax_t files = 0, bytes = 0;
  for (const auto& e : fs::recursive_directory_iterator(d.path))
    if (e.is_regular_file()) ++files, bytes += e.file_size();
  CHECK(files == 200);
  CHECK(bytes == 20 * 4500);
}
