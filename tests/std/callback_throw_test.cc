// Exceptions through the C library's functions that call back, and what these functions do otherwise.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <dirent.h>
#include <search.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

struct stop {
  int after;
};

thread_local int calls_left;

template <class T>
int by_value(const void* a, const void* b) {
  if (--calls_left == 0) throw stop{42};
  const T x = *static_cast<const T*>(a), y = *static_cast<const T*>(b);
  return x < y ? -1 : y < x;
}

struct wide {
  int key, order;
  char rest[91];
};
int by_key(const void* a, const void* b) {
  return static_cast<const wide*>(a)->key - static_cast<const wide*>(b)->key;
}

int with_context(const void* a, const void* b, void* calls) {
  ++*static_cast<int*>(calls);
  return *static_cast<const int*>(b) - *static_cast<const int*>(a);
}

std::vector<int> random_ints(unsigned seed, std::size_t count) {
  std::mt19937 random(seed);
  std::vector<int> all(count);
  for (int& one : all) one = static_cast<int>(random() % 1000);
  return all;
}

}  // namespace

TEST_CASE("qsort sorts what std::sort sorts, at every length") {
  for (std::size_t count = 0; count < 300; count++) {
    auto mine = random_ints(static_cast<unsigned>(count), count), right = mine;
    calls_left = INT32_MAX;
    qsort(mine.data(), count, sizeof(int), by_value<int>);
    std::sort(right.begin(), right.end());
    REQUIRE(mine == right);
  }
  auto mine = random_ints(1, 200'000), right = mine;
  calls_left = INT32_MAX;
  qsort(mine.data(), mine.size(), sizeof(int), by_value<int>);
  std::sort(right.begin(), right.end());
  CHECK(mine == right);
}

TEST_CASE("equal elements keep their order, of any width") {
  std::vector<wide> all(500);
  std::mt19937 random(7);
  for (int i = 0; i < 500; i++) all[static_cast<std::size_t>(i)] = {static_cast<int>(random() % 9), i, {}};
  qsort(all.data(), all.size(), sizeof(wide), by_key);
  CHECK(std::is_sorted(all.begin(), all.end(), [](const wide& a, const wide& b) {
    return a.key != b.key ? a.key < b.key : a.order < b.order;
  }));
}

TEST_CASE("qsort_r hands its context on") {
  int calls = 0;
  auto all = random_ints(3, 1000);
  qsort_r(all.data(), all.size(), sizeof(int), with_context, &calls);
  CHECK(std::is_sorted(all.rbegin(), all.rend()));
  CHECK(calls > 1000);
}

TEST_CASE("a comparison that throws leaves a permutation") {
  for (const std::size_t count : {10u, 5000u}) {
    for (const int after : {1, 5, 17}) {
      auto all = random_ints(9, count), before = all;
      calls_left = after;
      int caught = 0;
      try {
        qsort(all.data(), all.size(), sizeof(int), by_value<int>);
      } catch (const stop& s) {
        caught = s.after;
      }
      CHECK(caught == 42);
      CHECK(std::is_permutation(all.begin(), all.end(), before.begin()));
    }
  }
}

TEST_CASE("bsearch, lfind and lsearch find, and let exceptions through") {
  std::vector<int> all = {1, 3, 5, 7, 9, 11, 0};
  std::size_t count = 6;
  calls_left = INT32_MAX;
  for (int key = 0; key < 13; key++) {
    const void* found = bsearch(&key, all.data(), count, sizeof(int), by_value<int>);
    CHECK((found != nullptr) == (key % 2 == 1));
    CHECK((lfind(&key, all.data(), &count, sizeof(int), by_value<int>) != nullptr) == (key % 2 == 1));
  }
  const int key = 20;
  CHECK(lsearch(&key, all.data(), &count, sizeof(int), by_value<int>) == &all[6]);
  CHECK(count == 7);
  CHECK(all[6] == 20);
  calls_left = 1;
  CHECK_THROWS_AS((void)bsearch(&key, all.data(), count, sizeof(int), by_value<int>), stop);
  calls_left = 2;
  CHECK_THROWS_AS(lfind(&key, all.data(), &count, sizeof(int), by_value<int>), stop);
}

TEST_CASE("scandir filters, sorts, and lets exceptions through") {
  char folder[] = "/tmp/rt0-scandir-XXXXXX";
  REQUIRE(mkdtemp(folder) != nullptr);
  for (const char* name : {"b", "a", "c", "skip"})
    fclose(fopen((std::string(folder) + "/" + name).c_str(), "w"));
  dirent** list = nullptr;
  const auto short_name = [](const dirent* e) {
    return static_cast<int>(e->d_name[0] != '.' && e->d_name[1] == 0);
  };
  const int count = scandir(folder, &list, short_name, alphasort);
  REQUIRE(count == 3);
  for (int i = 0; i < count; i++) {
    CHECK(list[i]->d_name[0] == 'a' + i);
    free(list[i]);
  }
  free(list);
  const auto throws = [](const dirent*) -> int { throw stop{1}; };
  CHECK_THROWS_AS(scandir(folder, &list, throws, nullptr), stop);
  CHECK(scandir("/nonexistent", &list, nullptr, nullptr) == -1);
  for (const char* name : {"a", "b", "c", "skip"}) unlink((std::string(folder) + "/" + name).c_str());
  rmdir(folder);
}
