// <rt/debug.h>: what a program says of its goroutines for reports, and asks for: rt::debug::stack (stack.h).
//
//   rt::debug::label_scope request("request", id);    until the end of the scope: of this goroutine, and of
//                                                     all that it starts meanwhile, for as long as they live
//
// Labels are shown where goroutines are: in reports and dumps. A goroutine's name is go_options::name,
// or pthread_setname_np's.
#pragma once
#include <algorithm>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "rt/abi/debug.h"
#include "rt/stack.h"

namespace rt::debug {

// Inherited by rt::go, rt::spawn, std::thread and what a timer starts. Of the same key the inner one counts.
// Scopes end in the goroutine that began them, the innermost first; anything else is a fatal error.
class label_scope {
 public:
  label_scope(const std::string& key, const std::string& value)
      : label_(rt0_label_push(key.data(), key.size(), value.data(), value.size())) {
    if (label_ == nullptr) throw std::bad_alloc();
  }
  label_scope(const label_scope&) = delete;
  label_scope& operator=(const label_scope&) = delete;
  ~label_scope() { rt0_label_pop(label_); }

 private:
  const rt0_label* label_;
};

// The running goroutine's, outermost first, each key once.
inline std::vector<std::pair<std::string, std::string>> labels() {
  std::vector<std::pair<std::string, std::string>> all;
  for (const rt0_label* l = rt0_labels(); l != nullptr; l = l->outer) {
    std::string key(l->text, l->key_bytes);
    if (std::ranges::find(all, key, &std::pair<std::string, std::string>::first) != all.end()) continue;
    all.emplace_back(std::move(key), std::string(l->text + l->key_bytes + 1, l->value_bytes));
  }
  std::ranges::reverse(all);
  return all;
}

}  // namespace rt::debug
