// How long a goroutine has waited, in a dump. The wait's beginning is set back, instead of waiting.
#include <rt/chan.h>
#include <rt/debug.h>
#include <rt/go.h>

#include <string>

#include "runtime/sched/sched.h"

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

namespace {

bool says(const char* what) { return rt::debug::stack(true).find(what) != std::string::npos; }

TEST_CASE("a wait of minutes is shown, in whole minutes") {
  rt::chan<int> never(0);
  rt::go([never] { never.recv(); });
  while (!says(" [chan receive]:\n")) rt::yield();
  rt0::g* waiter = rt0::allg_at(rt0::allg_count() - 1);
  waiter->tcb.waitsince_s -= 57;
  CHECK(says(" [chan receive]:\n"));
  waiter->tcb.waitsince_s -= 64;
  CHECK(says(" [chan receive, 2 minutes]:\n"));
  never.close();
}

}  // namespace
