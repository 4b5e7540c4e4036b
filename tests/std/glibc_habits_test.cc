// Where POSIX leaves a choice, or a name is GNU's, programs count on what glibc does.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include <string>
#include <vector>

namespace {

// "a" "b=value" "?x" for the options, then the words that are left.
std::vector<std::string> parse(std::vector<std::string> words, const char* options) {
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<std::string> found;
  optind = 0;  // glibc's reset
  opterr = 0;
  const int argc = static_cast<int>(words.size());
  for (int c; (c = getopt(argc, argv.data(), options)) != -1;) {
    std::string one(1, static_cast<char>(c));
    if (c == '?') one += static_cast<char>(optopt);
    if (c == 1) one = "word=";
    if (optarg != nullptr && c != '?') one += (c == 1 ? "" : "=") + std::string(optarg);
    found.push_back(one);
  }
  for (int i = optind; i < argc; i++) found.push_back(argv[static_cast<std::size_t>(i)]);
  return found;
}

using list = std::vector<std::string>;

}  // namespace

TEST_CASE("getopt takes options after other words") {
  CHECK(parse({"p", "file", "-a", "other", "-b", "value", "-c"}, "ab:c") ==
        list{"a", "b=value", "c", "file", "other"});
  CHECK(parse({"p", "-ab1", "--", "-c"}, "ab:c") == list{"a", "b=1", "-c"});
  CHECK(parse({"p", "-x", "-a"}, "a") == list{"?x", "a"});
  CHECK(parse({"p", "file", "-a"}, "+a") == list{"file", "-a"});
  CHECK(parse({"p", "file", "-a"}, "-a") == list{"word=file", "a"});
  CHECK(parse({"p", "-o1", "-o"}, "o::") == list{"o=1", "o"});
}

TEST_CASE("getopt under POSIXLY_CORRECT stops at the first other word") {
  setenv("POSIXLY_CORRECT", "1", 1);
  CHECK(parse({"p", "-a", "file", "-a"}, "a") == list{"a", "file", "-a"});
  unsetenv("POSIXLY_CORRECT");
}

TEST_CASE("GNU's basename returns what follows the last slash") {
  char path[] = "/usr/lib/";
  CHECK(std::string(basename(path)).empty());
  CHECK(std::string(path) == "/usr/lib/");
  CHECK(std::string(basename("/usr/lib")) == "lib");
  CHECK(std::string(basename("lib")) == "lib");
}
