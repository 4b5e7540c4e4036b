// newlocale, duplocale, freelocale: locales by name (which exist: locale_name.h).
//
// musl's __get_locale makes and keeps the category objects, so setlocale and newlocale agree on them.
// Uniform C and C.UTF-8 are two static objects: std::locale::classic() and the like allocate nothing.
#include "runtime/libc/members/locale.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "runtime/base/export.h"
#include "runtime/libc/members/locale_name.h"

extern "C" {
void __lock(volatile int*) noexcept;
void __unlock(volatile int*) noexcept;
// musl's. Locked by __locale_lock; the answer lives for ever. Null is "C", no_memory a failure.
[[gnu::visibility("hidden")]] extern volatile int __locale_lock[1];
[[gnu::visibility("hidden")]] const rt0::libc::musl_locale_map* __get_locale(int category, const char* name);
[[gnu::visibility("hidden")]] extern const rt0::libc::musl_locale_map __c_dot_utf8;
}

namespace rt0::libc {
namespace {

constinit locale_object c_locale{}, utf8_locale{};
const auto no_memory = reinterpret_cast<const musl_locale_map*>(-1);

bool is_static(const locale_object* l) noexcept { return l == &c_locale || l == &utf8_locale; }

const char* name_of(const musl_locale_map* map) noexcept { return map != nullptr ? map->name : "C"; }

// The static object equal to `of`, or nullptr.
locale_object* uniform(const musl_locale& of) noexcept {
  for (int i = 1; i < musl_categories; i++) {
    if (of.category[i] != nullptr) return nullptr;
  }
  if (of.category[LC_CTYPE] == nullptr) return &c_locale;
  return of.category[LC_CTYPE] == &__c_dot_utf8 ? &utf8_locale : nullptr;
}

// Makes `to` the locale of these categories. The static objects are written again with what they hold, by
// any goroutine at any time: relaxed atomics make that no race, and each caller reads at least its own
// writes.
locale_object* fill(locale_object* to, const musl_locale& of) noexcept {
  const auto set = [](auto& field, auto value) { __atomic_store_n(&field, value, __ATOMIC_RELAXED); };
  for (int i = 0; i < musl_categories; i++) {
    set(to->musl.category[i], of.category[i]);
    set(to->names[i], name_of(of.category[i]));
  }
  for (int i = musl_categories; i < glibc_categories; i++) set(to->names[i], name_of(of.category[LC_CTYPE]));
  set(to->ctype_class, *__ctype_b_loc());
  set(to->ctype_tolower, *__ctype_tolower_loc());
  set(to->ctype_toupper, *__ctype_toupper_loc());
  return to;
}

// A locale of these categories: a static one where it can, else `reuse`, else from the heap. nullptr: ENOMEM.
locale_object* make(const musl_locale& of, locale_object* reuse) noexcept {
  if (locale_object* shared = uniform(of)) {
    free(reuse);
    return fill(shared, of);
  }
  if (reuse == nullptr) reuse = static_cast<locale_object*>(calloc(1, sizeof(locale_object)));
  return reuse != nullptr ? fill(reuse, of) : nullptr;
}

// The categories of `of` named in the mask become those of `name`. Returns 0, ENOENT (no such locale) or
// ENOMEM.
int change(musl_locale& of, int mask, const char* name) noexcept {
  int error = 0;
  __lock(__locale_lock);
  for (int i = 0; i < musl_categories && error == 0; i++) {
    if ((mask & 1 << i) == 0) continue;
    const char* known = locale_name(i, name);
    if (known == nullptr) {
      error = ENOENT;
    } else {
      of.category[i] = __get_locale(i, known);
      if (of.category[i] == no_memory) error = ENOMEM;
    }
  }
  __unlock(__locale_lock);
  return error;
}

}  // namespace
}  // namespace rt0::libc

using namespace rt0::libc;

RT0_EXPORT locale_t newlocale(int mask, const char* name, locale_t base) noexcept {
  constexpr int glibc_mask = (1 << glibc_categories) - 1;
  auto* old = reinterpret_cast<locale_object*>(base);
  if (mask == 1 << LC_ALL) mask = LC_ALL_MASK;  // libstdc++ says "all" by its number, as glibc allows
  if (name == nullptr || (mask & ~glibc_mask) != 0) {
    errno = EINVAL;
    return nullptr;
  }
  musl_locale result = old != nullptr ? old->musl : musl_locale{};
  if (const int error = change(result, mask, name)) {
    errno = error;
    return nullptr;
  }
  return reinterpret_cast<locale_t>(make(result, old == nullptr || is_static(old) ? nullptr : old));
}

RT0_EXPORT locale_t duplocale(locale_t from) noexcept {
  const musl_locale& of =
      from == LC_GLOBAL_LOCALE ? __libc.global_locale : reinterpret_cast<locale_object*>(from)->musl;
  return reinterpret_cast<locale_t>(make(of, nullptr));
}

RT0_EXPORT void freelocale(locale_t l) noexcept {
  auto* object = reinterpret_cast<locale_object*>(l);
  if (!is_static(object)) free(object);
}

// libstdc++.a's names.
RT0_EXPORT locale_t __newlocale(int, const char*, locale_t) noexcept __attribute__((alias("newlocale")));
RT0_EXPORT locale_t __duplocale(locale_t) noexcept __attribute__((alias("duplocale")));
RT0_EXPORT void __freelocale(locale_t) noexcept __attribute__((alias("freelocale")));
