// The state and the type that a thread gives its cancellation, and pthread_testcancel. Source: cancel.h.
#include "runtime/libc/pthread/cancel.h"

#include <errno.h>
#include <pthread.h>

#include "runtime/base/export.h"

namespace rt0::libc {
namespace {

// Sets or clears a bit; what it was.
bool change(std::uint32_t bit, bool set) noexcept {
  std::atomic<std::uint32_t>& bits = getg()->thread.cancel;
  const std::uint32_t before =
      set ? bits.fetch_or(bit, std::memory_order_relaxed) : bits.fetch_and(~bit, std::memory_order_relaxed);
  return (before & bit) != 0;
}

void act_if_asynchronous() {
  if ((getg()->thread.cancel.load(std::memory_order_relaxed) & cancel_asynchronous) != 0) act_on_cancel();
}

}  // namespace
}  // namespace rt0::libc

using namespace rt0::libc;

RT0_EXPORT int pthread_setcancelstate(int state, int* old) {
  if (state != PTHREAD_CANCEL_ENABLE && state != PTHREAD_CANCEL_DISABLE) return EINVAL;
  const bool was = change(cancel_disabled, state == PTHREAD_CANCEL_DISABLE);
  if (old != nullptr) *old = was ? PTHREAD_CANCEL_DISABLE : PTHREAD_CANCEL_ENABLE;
  act_if_asynchronous();
  return 0;
}

RT0_EXPORT int pthread_setcanceltype(int type, int* old) {
  if (type != PTHREAD_CANCEL_DEFERRED && type != PTHREAD_CANCEL_ASYNCHRONOUS) return EINVAL;
  const bool was = change(cancel_asynchronous, type == PTHREAD_CANCEL_ASYNCHRONOUS);
  if (old != nullptr) *old = was ? PTHREAD_CANCEL_ASYNCHRONOUS : PTHREAD_CANCEL_DEFERRED;
  act_if_asynchronous();
  return 0;
}

RT0_EXPORT void pthread_testcancel() { act_on_cancel(); }

// musl's members ask by these names. They cannot be unwound: a point inside one is none.
RT0_EXPORT int __pthread_setcancelstate(int state, int* old) {
  const bool was = change(cancel_disabled, state == PTHREAD_CANCEL_DISABLE);
  if (old != nullptr) *old = was ? PTHREAD_CANCEL_DISABLE : PTHREAD_CANCEL_ENABLE;
  return 0;
}
RT0_EXPORT void __pthread_testcancel() { return; }
