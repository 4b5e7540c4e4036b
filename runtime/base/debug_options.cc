#include "runtime/base/debug_options.h"

#include "runtime/base/text.h"

#include "runtime/base/report.h"

namespace rt0 {

constinit debug_options debug;

namespace {

constexpr std::size_t max_key_bytes = 32, max_value_bytes = 256;

// A function, not a table: a constant table of pointers would need relocation.
int* field_of(const char* key) noexcept {
  if (same(key, "uring")) return &debug.uring;
  if (same(key, "iofault")) return &debug.iofault;
  if (same(key, "fsgsbase")) return &debug.fsgsbase;
  if (same(key, "guard")) return &debug.guard;
  if (same(key, "idlepages")) return &debug.idlepages;
  if (same(key, "check")) return &debug.check;
  if (same(key, "inittrace")) return &debug.inittrace;
  if (same(key, "perturb")) return &debug.perturb;
  if (same(key, "maxmcount")) return &debug.maxmcount;
  if (same(key, "failclone")) return &debug.failclone;
  if (same(key, "sigquit")) return &debug.sigquit;
  if (same(key, "tracebackancestors")) return &debug.tracebackancestors;
  if (same(key, "lockcycle")) return &debug.lockcycle;
  if (same(key, "stall")) return &debug.stall;
  if (same(key, "asyncpreemptoff")) return &debug.asyncpreemptoff;
  return nullptr;
}

struct option {
  char key[max_key_bytes];
  char value[max_value_bytes];
};

// Copies text up to one of the two stops or its end, and returns where it stopped.
const char* copy_until(const char* text, const char* stops, char* into, std::size_t bytes) noexcept {
  std::size_t n = 0;
  for (; *text != 0 && *text != stops[0] && (stops[1] == 0 || *text != stops[1]); text++) {
    if (n + 1 < bytes) into[n++] = *text;
  }
  into[n] = 0;
  return text;
}

// Takes "key=value" up to the next comma; the rest, or nullptr at the end. What is longer than its place is
// cut.
const char* next_option(const char* text, option& out) noexcept {
  if (*text == 0) return nullptr;
  text = copy_until(text, "=,", out.key, sizeof out.key);
  out.value[0] = 0;
  if (*text == '=') text = copy_until(text + 1, ",", out.value, sizeof out.value);
  return *text == ',' ? text + 1 : text;
}

}  // namespace

bool parse_number(const char* text, long min, long max, long& value) noexcept {
  if (*text == 0) return false;
  long n = 0;
  for (; *text != 0; text++) {
    if (*text < '0' || *text > '9') return false;
    if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *text - '0', &n)) return false;
  }
  value = n;
  return n >= min && n <= max;
}

const char* env_value(char** envp, const char* name) noexcept {
  for (; *envp != nullptr; envp++) {
    const char* rest = skip_prefix(*envp, name);
    if (rest != nullptr && *rest == '=') return rest + 1;
  }
  return nullptr;
}

bool early_debug_text(const char* text, const char* key, char* buffer, std::size_t bytes) noexcept {
  option o;
  while (text != nullptr && (text = next_option(text, o)) != nullptr) {
    if (!same(o.key, key)) continue;
    copy_until(o.value, ",", buffer, bytes);
    return true;
  }
  return false;
}

int early_debug_option(const char* text, const char* key, int otherwise) noexcept {
  if (text == nullptr) return otherwise;
  option o;
  long value = otherwise;
  while ((text = next_option(text, o)) != nullptr) {
    if (same(o.key, key) && !parse_number(o.value, 0, 1'000'000'000, value)) value = otherwise;
  }
  return static_cast<int>(value);
}

void parse_debug_options(const char* text) noexcept {
  if (text == nullptr) return;
  option o;
  while ((text = next_option(text, o)) != nullptr) {
    if (o.key[0] == 0 && o.value[0] == 0) continue;  // a comma too many
    if (same(o.key, "pagetrace")) continue;          // a text, read early
    int* field = field_of(o.key);
    long value = 0;
    if (field == nullptr) {
      report() << "rt0: RT0_DEBUG: unknown key '" << o.key << "'\n";
    } else if (!parse_number(o.value, 0, 1'000'000'000, value)) {
      report() << "rt0: RT0_DEBUG: " << o.key << " needs a number, not '" << o.value << "'\n";
    } else {
      *field = static_cast<int>(value);
    }
  }
  debug.hooks = debug.perturb | debug.check;
}

}  // namespace rt0
