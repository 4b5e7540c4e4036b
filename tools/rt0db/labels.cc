#include "tools/rt0db/labels.h"

#include <algorithm>
#include <unordered_map>

#include "runtime/sched/labels.h"

namespace rt0db {
namespace {

constexpr std::size_t most_text_bytes = 4096;
constexpr int deepest = 64;  // of a chain

struct node {
  rt0_label copied{};
  std::string text;  // key, 0, value
};

using nodes = std::unordered_map<std::uintptr_t, node>;

std::uintptr_t address_of(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

// A label_set begins with its rt0_label.
std::uintptr_t innermost_of(const goroutine& one) { return address_of(one.g().labels); }
static_assert(sizeof(rt0::label_set) > sizeof(rt0_label));

// Into all, one level of every chain a batch. Goroutines share nodes.
void read_nodes(process& of, std::vector<std::uintptr_t> wanted, nodes& all) {
  for (int level = 0; level < deepest && !wanted.empty(); level++) {
    std::vector<piece> pieces;
    for (const std::uintptr_t address : wanted) {
      const auto [at, fresh] = all.try_emplace(address);
      if (address != 0 && fresh)
        pieces.push_back({address, reinterpret_cast<std::byte*>(&at->second.copied), sizeof(rt0_label)});
    }
    of.read(pieces);
    wanted.clear();
    for (const piece& p : pieces) {
      rt0_label& label = all[p.address].copied;
      if (p.into == nullptr || label.key_bytes + label.value_bytes > most_text_bytes) label = {};
      wanted.push_back(address_of(label.outer));
    }
  }
}

void read_texts(process& of, nodes& all) {
  std::vector<piece> pieces;
  std::vector<node*> whose;
  for (auto& [address, one] : all) {
    if (one.copied.text == nullptr) continue;
    one.text.resize(one.copied.key_bytes + 1 + one.copied.value_bytes);
    pieces.push_back(
        {address_of(one.copied.text), reinterpret_cast<std::byte*>(one.text.data()), one.text.size()});
    whose.push_back(&one);
  }
  of.read(pieces);
  for (std::size_t i = 0; i < pieces.size(); i++) {
    if (pieces[i].into == nullptr) whose[i]->text.clear();
  }
}

}  // namespace

void copy_labels(process& of, std::vector<goroutine>& goroutines) {
  nodes all;
  std::vector<std::uintptr_t> innermost;
  for (const goroutine& one : goroutines) {
    if (one.g().labels != nullptr) innermost.push_back(innermost_of(one));
  }
  read_nodes(of, std::move(innermost), all);
  read_texts(of, all);
  for (goroutine& one : goroutines) {
    std::uintptr_t at = innermost_of(one);
    for (int level = 0; level < deepest && at != 0; level++) {
      const node& here = all[at];
      at = address_of(here.copied.outer);
      if (here.text.empty()) continue;
      label found{here.text.substr(0, here.copied.key_bytes), here.text.substr(here.copied.key_bytes + 1)};
      const auto same_key = [&](const label& inner) { return inner.key == found.key; };
      if (std::none_of(one.labels.begin(), one.labels.end(), same_key)) one.labels.push_back(found);
    }
  }
}

}  // namespace rt0db
