// pipeline FILE...: lines -> words -> counts, each stage some goroutines between two channels. Prints the ten
// most frequent words; of equally frequent ones, the first by the alphabet.
#include <rt/chan.h>
#include <rt/go.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

namespace {

using counts = std::map<std::string, long>;
constexpr int workers = 4;

void read_lines(const std::vector<std::string>& files, const rt::chan<std::string>& lines) {
  for (const std::string& file : files) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) lines.send(std::move(line));
  }
  lines.close();
}

counts count_words(const rt::chan<std::string>& lines) {
  counts mine;
  for (std::string line : lines) {
    std::string word;
    for (const char c : line + " ") {
      if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
        word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      } else if (!word.empty()) {
        mine[word]++;
        word.clear();
      }
    }
  }
  return mine;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> files(argv + 1, argv + argc);
  const rt::chan<std::string> lines(64);
  const rt::chan<counts> results(0);
  rt::go([&] { read_lines(files, lines); });
  for (int i = 0; i < workers; i++) rt::go([=] { results.send(count_words(lines)); });

  counts all;
  for (int i = 0; i < workers; i++) {
    const auto part = results.recv();
    for (const auto& [word, n] : *part) all[word] += n;
  }
  std::vector<std::pair<std::string, long>> sorted(all.begin(), all.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  sorted.resize(std::min<std::size_t>(sorted.size(), 10));
  for (const auto& [word, n] : sorted) std::cout << n << " " << word << "\n";
}
