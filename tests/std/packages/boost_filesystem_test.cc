// Debian's libboost_filesystem.a, compiled against glibc: 50 threads make, walk and remove trees, and find
// what std::filesystem does.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <stdlib.h>

#include <atomic>
#include <boost/filesystem.hpp>
#include <boost/filesystem/fstream.hpp>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace bfs = boost::filesystem;

namespace {

template <class Walk>
std::set<std::string> names_below(const std::string& root) {
  std::set<std::string> names;
  for (Walk at(root), end; at != end; ++at) names.insert(at->path().string());
  return names;
}

}  // namespace

TEST_CASE("walks a tree as std::filesystem does") {
  const auto seen = names_below<bfs::recursive_directory_iterator>("/usr/include/linux");
  CHECK(seen == names_below<std::filesystem::recursive_directory_iterator>("/usr/include/linux"));
  CHECK(seen.size() > 100);
}

TEST_CASE("50 threads make, walk, rename and remove trees") {
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 50; i++) {
    threads.emplace_back([&right] {
      const bfs::path root = bfs::temp_directory_path() / bfs::unique_path("rt0-boost-%%%%-%%%%-%%%%");
      bfs::create_directories(root / "a" / "b");
      bfs::ofstream(root / "a" / "b" / "file") << "text";
      bfs::rename(root / "a" / "b", root / "moved");
      bfs::create_symlink("moved", root / "link");
      const bool ok = bfs::file_size(root / "moved" / "file") == 4 &&
                      bfs::read_symlink(root / "link") == "moved" &&
                      names_below<bfs::recursive_directory_iterator>(root.string()).size() == 4;
      right += ok && bfs::remove_all(root) == 5 && !bfs::exists(root);
    });
  }
  for (auto& t : threads) t.join();
  CHECK(right == 50);
}

TEST_CASE("its exceptions arrive") {
  CHECK_THROWS_AS(bfs::file_size("/nonexistent/file"), bfs::filesystem_error);
}
