// pthread_key_*, and the end of a thread's own data: thread_local destructors, then keys, in glibc's order.
#include <errno.h>
#include <limits.h>

#include "runtime/base/export.h"
#include "runtime/base/tables.h"
#include "runtime/libc/pthread/thread.h"
#include "runtime/lock/mutex.h"
#include "runtime/mem/heap.h"

namespace rt0 {

// A goroutine's thread_local destructors: a stack.
struct thread_dtor {
  void (*fn)(void*);
  void* object;
  thread_dtor* next;
};

// A goroutine's values: as many places as its highest key needed.
struct key_values {
  std::uint32_t count;
  struct {
    std::uint64_t
        generation;  // of the key when the value was set: a later key in the same place finds nothing
    const void* value;
  } at[];
};

namespace libc {
namespace {

constexpr std::uint32_t max_keys = 1024;  // glibc's PTHREAD_KEYS_MAX, which users' headers name
constexpr int dtor_rounds = 4;            // PTHREAD_DESTRUCTOR_ITERATIONS
static_assert(PTHREAD_KEYS_MAX == max_keys && PTHREAD_DESTRUCTOR_ITERATIONS == dtor_rounds);

struct key_slot {
  std::atomic<std::uint64_t> generation;  // odd: in use
  void (*dtor)(void*);
};

RT0_TABLE constinit key_slot key_table[max_keys]{};
constinit mutex<lock_rank::keys> key_lock;

bool in_use(std::uint64_t generation) { return (generation & 1) != 0; }

// Room for key in the running goroutine's values; nullptr: out of memory.
key_values* values_with(g* gp, std::uint32_t key) noexcept {
  key_values* values = gp->thread.keys;
  if (values != nullptr && key < values->count) return values;
  const std::uint32_t count = (key / 16 + 1) * 16;
  const std::uint32_t old_count = values != nullptr ? values->count : 0;
  auto* grown =
      static_cast<key_values*>(heap_realloc(values, sizeof(key_values) + count * sizeof values->at[0]));
  if (grown == nullptr) return nullptr;
  grown->count = count;
  for (std::uint32_t i = old_count; i < count; i++) grown->at[i] = {0, nullptr};
  return gp->thread.keys = grown;
}

// One round of destructors. True: some value was there.
bool run_key_dtors_once(g* gp) noexcept {
  bool found = false;
  // A destructor may set more keys, and so move the array: looked up anew each time.
  for (std::uint32_t key = 0; gp->thread.keys != nullptr && key < gp->thread.keys->count; key++) {
    auto& place = gp->thread.keys->at[key];
    const void* value = place.value;
    const std::uint64_t generation = key_table[key].generation.load(std::memory_order_acquire);
    if (value == nullptr || place.generation != generation || !in_use(generation)) continue;
    place.value = nullptr;
    const auto dtor = key_table[key].dtor;
    if (dtor == nullptr) continue;
    found = true;
    dtor(const_cast<void*>(value));
  }
  return found;
}

}  // namespace

void run_thread_local_dtors() noexcept {
  g* gp = getg();
  while (thread_dtor* d = gp->thread.dtors) {
    gp->thread.dtors = d->next;
    d->fn(d->object);
    heap_free(d);
  }
}

void run_key_dtors() noexcept {
  g* gp = getg();
  for (int round = 0; round < dtor_rounds && run_key_dtors_once(gp); round++) continue;
  heap_free(gp->thread.keys);
  gp->thread.keys = nullptr;
}

}  // namespace libc
}  // namespace rt0

using rt0::libc::key_table;

RT0_EXPORT int __cxa_thread_atexit_impl(void (*fn)(void*), void* object, void*) {
  auto* d = static_cast<rt0::thread_dtor*>(rt0::heap_alloc(sizeof(rt0::thread_dtor)));
  if (d == nullptr) return -1;
  rt0::g* gp = rt0::getg();
  *d = {fn, object, gp->thread.dtors};
  gp->thread.dtors = d;
  return 0;
}

// glibc's other name of it, by which libgcc's unwinder asks, weakly, whether there are threads. Without it
// two threads that threw the process's first exceptions at once used a half-made table, and abort() was
// called (found by every_instruction_test).
RT0_EXPORT int __pthread_key_create(pthread_key_t* key, void (*dtor)(void*)) {
  return pthread_key_create(key, dtor);
}

RT0_EXPORT int pthread_key_create(pthread_key_t* key, void (*dtor)(void*)) {
  rt0::lock_guard hold(rt0::libc::key_lock);
  for (std::uint32_t i = 0; i < rt0::libc::max_keys; i++) {
    const std::uint64_t generation = key_table[i].generation.load(std::memory_order_relaxed);
    if (rt0::libc::in_use(generation)) continue;
    key_table[i].dtor = dtor;
    key_table[i].generation.store(generation + 1,
                                  std::memory_order_release);  // pairs with: run_key_dtors_once
    *key = i;
    return 0;
  }
  return EAGAIN;
}

RT0_EXPORT int pthread_key_delete(pthread_key_t key) {
  rt0::lock_guard hold(rt0::libc::key_lock);
  if (key >= rt0::libc::max_keys) return EINVAL;
  const std::uint64_t generation = key_table[key].generation.load(std::memory_order_relaxed);
  if (!rt0::libc::in_use(generation)) return EINVAL;
  key_table[key].generation.store(generation + 1,
                                  std::memory_order_release);  // pairs with: run_key_dtors_once
  return 0;
}

RT0_EXPORT void* pthread_getspecific(pthread_key_t key) {
  const rt0::key_values* values = rt0::getg()->thread.keys;
  if (values == nullptr || key >= values->count) return nullptr;
  if (values->at[key].generation != key_table[key].generation.load(std::memory_order_relaxed)) return nullptr;
  return const_cast<void*>(values->at[key].value);
}

RT0_EXPORT int pthread_setspecific(pthread_key_t key, const void* value) {
  if (key >= rt0::libc::max_keys) return EINVAL;
  const std::uint64_t generation = key_table[key].generation.load(std::memory_order_relaxed);
  if (!rt0::libc::in_use(generation)) return EINVAL;
  rt0::key_values* values = rt0::libc::values_with(rt0::getg(), key);
  if (values == nullptr) return ENOMEM;
  values->at[key] = {generation, value};
  return 0;
}
