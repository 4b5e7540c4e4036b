// grep TEXT PATH...: the lines that have the text, in files and below folders, as `grep -rnF` prints them,
// sorted by file. Status 0: there are some; 1: none; 2: something could not be read.
//
// One goroutine walks, 64 read and search.
#include <rt/chan.h>
#include <rt/file.h>
#include <rt/go.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

namespace fs = std::filesystem;

constexpr int readers = 64;

struct found {
  std::string path, lines;
  std::error_code error;
};

std::string content_of(const fs::path& path) {
  rt::file f = rt::file::open(path, O_RDONLY);
  std::string all;
  for (std::size_t had = 0;;) {
    all.resize(std::max<std::size_t>(2 * all.size(), 64 * 1024));
    std::size_t n = 0;
    while (had < all.size() && (n = f.read(all.data() + had, all.size() - had)) != 0) had += n;
    if (n != 0) continue;
    all.resize(had);
    return all;
  }
}

std::string matches(const std::string& path, std::string_view text, std::string_view pattern) {
  std::string out;
  std::size_t line = 1, counted = 0;  // up to where lines are counted
  for (std::size_t at = 0; (at = text.find(pattern, at)) != text.npos;) {
    const std::size_t begin = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;  // npos + 1 is 0
    const std::size_t end = std::min(text.find('\n', at), text.size());
    line += static_cast<std::size_t>(std::count(text.begin() + static_cast<std::ptrdiff_t>(counted),
                                                text.begin() + static_cast<std::ptrdiff_t>(begin), '\n'));
    counted = begin;
    out += path + ":" + std::to_string(line) + ":";
    out += text.substr(begin, end - begin);
    out += '\n';
    if (end == text.size()) break;
    at = end + 1;
  }
  return out;
}

found search(const std::string& path, std::string_view pattern) {
  try {
    return {path, matches(path, content_of(path), pattern), {}};
  } catch (const std::system_error& e) {
    return {path, {}, e.code()};
  }
}

void walk(const fs::path& from, const rt::chan<std::string>& files, const rt::chan<found>& results) {
  std::error_code error;
  if (!fs::is_directory(from, error)) return files.send(from.string());
  for (fs::recursive_directory_iterator at(from, error), end; !error && at != end; at.increment(error)) {
    if (at->is_regular_file(error) && !at->is_symlink(error)) files.send(at->path().string());
  }
  if (error) results.send({from.string(), {}, error});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || *argv[1] == 0) {
    std::cerr << "usage: grep TEXT PATH...\n";
    return 2;
  }
  const std::string_view pattern = argv[1];
  const rt::chan<std::string> files(readers);
  const rt::chan<found> results(readers);
  std::vector<rt::task<void>> tasks;
  for (int i = 0; i < readers; i++) {
    tasks.push_back(rt::spawn([&] {
      for (const std::string& path : files) results.send(search(path, pattern));
    }));
  }
  rt::go([&] {
    for (int i = 2; i < argc; i++) walk(argv[i], files, results);
    files.close();
    for (auto& t : tasks) t.join();
    results.close();
  });
  std::map<std::string, std::string> sorted;
  bool failed = false;
  for (found f : results) {
    if (f.error) {
      std::cerr << "grep: " << f.path << ": " << f.error.message() << '\n';
      failed = true;
    }
    if (!f.lines.empty()) sorted[f.path] += f.lines;
  }
  for (const auto& [path, lines] : sorted) std::cout << lines;
  return failed ? 2 : sorted.empty() ? 1 : 0;
}
