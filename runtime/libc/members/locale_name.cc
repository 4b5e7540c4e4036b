#include "runtime/libc/members/locale_name.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <initializer_list>

namespace rt0::libc {
namespace {

constexpr char category_names[musl_categories][12] = {"LC_CTYPE",   "LC_NUMERIC",  "LC_TIME",
                                                      "LC_COLLATE", "LC_MONETARY", "LC_MESSAGES"};

// POSIX 8.2: LC_ALL, then the category's own, then LANG; an empty value counts as absent.
const char* name_from_environment(int category) noexcept {
  for (const char* variable : {"LC_ALL", category_name(category), "LANG"}) {
    const char* value = getenv(variable);
    if (value != nullptr && *value != 0) return value;
  }
  return "C";
}

// language_TERRITORY.codeset@modifier
bool has_utf8_codeset(const char* name) noexcept {
  const char* dot = strchr(name, '.');
  if (dot == nullptr) return false;
  const std::size_t length = strcspn(dot + 1, "@");
  return (length == 5 && strncasecmp(dot + 1, "utf-8", length) == 0) ||
         (length == 4 && strncasecmp(dot + 1, "utf8", length) == 0);
}

}  // namespace

const char* category_name(int category) noexcept { return category_names[category]; }

const char* locale_name(int category, const char* given) noexcept {
  const char* name = *given != 0 ? given : name_from_environment(category);
  if (strcmp(name, "C") == 0 || strcmp(name, "POSIX") == 0) return name;
  if (!has_utf8_codeset(name)) return nullptr;
  // musl's object holds no longer names, and knows one spelling of its own.
  if (strlen(name) >= locale_name_bytes || strcasecmp(name, "C.utf8") == 0) return "C.UTF-8";
  return name;
}

}  // namespace rt0::libc
