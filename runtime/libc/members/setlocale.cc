// setlocale: musl's, for the names that exist (locale_name.h); nullptr, and nothing changed, for others.
//
// A name for LC_ALL may be a list, one name a category: musl's ("C.UTF-8;C;C;C;C;C", by place) or glibc's
// ("LC_CTYPE=C.UTF-8;LC_NUMERIC=C;..."), which std::locale::global passes on for a mixed locale.
//
// musl's own function is renamed in our copy of its archive (third_party/musl).
#include <locale.h>
#include <string.h>

#include "runtime/base/export.h"
#include "runtime/libc/members/locale_name.h"

extern "C" char* rt0_musl_setlocale(int category, const char* name) noexcept;

namespace rt0::libc {
namespace {

constexpr std::size_t longest_given = 128;  // of one category's name

struct span {
  const char* begin;
  std::size_t length;
};

// What a list of names says of a category; its last name holds for the categories after it, a list of one
// for all.
span name_in_list(const char* list, int category) noexcept {
  const std::size_t prefix = strlen(category_name(category));
  span found{list, 0};
  for (int place = 0;; place++) {
    const span name{list, strcspn(list, ";")};
    const char* value = static_cast<const char*>(memchr(name.begin, '=', name.length));
    if (value == nullptr) {
      if (place <= category) found = name;
    } else if (static_cast<std::size_t>(value - name.begin) == prefix &&
               memcmp(name.begin, category_name(category), prefix) == 0) {
      return {value + 1, name.length - prefix - 1};
    }
    if (list[name.length] == 0) return found;
    list += name.length + 1;
  }
}

// Appends the category's name to musl's list, followed by ';'. Returns the list's new end; nullptr: no such
// locale.
char* append_name(char* end, int category, const char* list) noexcept {
  const span given = name_in_list(list, category);
  if (given.length >= longest_given) return nullptr;
  char name[longest_given];
  memcpy(name, given.begin, given.length);
  name[given.length] = 0;
  const char* known = locale_name(category, name);
  if (known == nullptr) return nullptr;
  end = stpcpy(end, known);
  *end++ = ';';
  return end;
}

char* set_all(const char* list) noexcept {
  char names[musl_categories * locale_name_bytes];
  char* end = names;
  for (int i = 0; i < musl_categories; i++) {
    end = append_name(end, i, list);
    if (end == nullptr) return nullptr;
  }
  end[-1] = 0;
  return rt0_musl_setlocale(LC_ALL, names);
}

}  // namespace
}  // namespace rt0::libc

using namespace rt0::libc;

RT0_EXPORT char* setlocale(int category, const char* name) noexcept {
  if (name == nullptr || category < 0 || category > LC_ALL) return rt0_musl_setlocale(category, name);
  if (category == LC_ALL) return set_all(name);
  const char* known = locale_name(category, name);
  return known != nullptr ? rt0_musl_setlocale(category, known) : nullptr;
}
