// wordcount DIR: the words of all regular files under DIR, the twenty most frequent first.
//
// For whoever wants to see an ordinary program on rt0: this is plain C++20, no rt0 header, and the same
// source built by plain g++ prints the same bytes. One std::thread per file counts into its own map and
// merges it under a mutex; a condition_variable tells main when the last file is done; an exception in a
// thread travels to main as an exception_ptr.
//
// A word is a longest run of ASCII letters, lower-cased. Links are not followed. The output depends only on
// DIR: files sorted by path, words by count, then by alphabet.
//
// Exit status: 0; 1 if DIR or a file could not be read (each is named on stderr, the rest is counted); 2 on
// wrong usage.
#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

namespace fs = std::filesystem;
using word_counts = std::map<std::string, std::uint64_t, std::less<>>;

constexpr std::size_t top_words = 20;

// What the threads share. `pending` counts the files not yet done; whoever brings it to zero wakes main.
struct tally {
  std::mutex mu;
  std::condition_variable done;
  word_counts counts;       // guarded by mu
  std::size_t pending = 0;  // guarded by mu
};

std::vector<fs::path> regular_files(const fs::path& root) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& e : fs::recursive_directory_iterator(root))
    if (fs::is_regular_file(e.symlink_status())) files.push_back(e.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::string read_all(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot open");
  return {std::istreambuf_iterator<char>(in), {}};  // a failed read throws std::ios_base::failure
}

word_counts count_words(std::string_view text) {
  // By hand, not isalpha: the answer must not depend on the locale.
  auto letter = [](char c) -> char {
    if (c >= 'a' && c <= 'z') return c;
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : '\0';
  };
  word_counts counts;
  std::string word;
  auto flush = [&] {
    if (!word.empty()) ++counts[word];
    word.clear();
  };
  for (char c : text) {
    if (char l = letter(c))
      word += l;
    else
      flush();
  }
  flush();
  return counts;
}

// The body of one thread. The file is done whether or not it could be read.
void count_file(const fs::path& file, tally& t, std::exception_ptr& error) {
  word_counts mine;
  try {
    mine = count_words(read_all(file));
  } catch (...) {
    error = std::current_exception();
  }
  std::lock_guard lock(t.mu);
  for (const auto& [word, n] : mine) t.counts[word] += n;
  if (--t.pending == 0) t.done.notify_one();
}

bool report_errors(const std::vector<fs::path>& files, const std::vector<std::exception_ptr>& errors) {
  bool any = false;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!errors[i]) continue;
    any = true;
    try {
      std::rethrow_exception(errors[i]);
    } catch (const std::exception& e) {
      std::cerr << "wordcount: " << files[i].string() << ": " << e.what() << '\n';
    }
  }
  return any;
}

void print(const word_counts& counts, std::size_t files) {
  std::uint64_t total = 0;
  for (const auto& [word, n] : counts) total += n;
  std::vector<std::pair<std::string, std::uint64_t>> top(counts.begin(), counts.end());
  // The map is in the order of the alphabet already, so a stable sort by count alone keeps ties in it.
  std::stable_sort(top.begin(), top.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  if (top.size() > top_words) top.resize(top_words);
  std::cout << "files " << files << "\nwords " << total << "\ndistinct " << counts.size() << '\n';
  for (const auto& [word, n] : top) std::cout << std::setw(8) << n << ' ' << word << '\n';
}

int wordcount(const fs::path& root) {
  const std::vector<fs::path> files = regular_files(root);
  std::vector<std::exception_ptr> errors(files.size());
  std::vector<std::thread> threads;
  tally t;
  t.pending = files.size();
  for (std::size_t i = 0; i < files.size(); ++i)
    threads.emplace_back(count_file, std::cref(files[i]), std::ref(t), std::ref(errors[i]));
  {
    std::unique_lock lock(t.mu);
    t.done.wait(lock, [&] { return t.pending == 0; });
  }
  for (std::thread& th : threads) th.join();
  print(t.counts, files.size());
  return report_errors(files, errors) ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: wordcount DIR\n";
    return 2;
  }
  try {
    return wordcount(argv[1]);
  } catch (const std::exception& e) {
    std::cerr << "wordcount: " << e.what() << '\n';
    return 1;
  }
}
