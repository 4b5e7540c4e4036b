#include "tools/rt0db/calls.h"

#include "tools/rt0db/failure.h"

namespace rt0db {

std::vector<pid_t> session_threads::threads() {
  std::vector<pid_t> all;
  for (const thread& t : target_.process().threads()) all.push_back(t.tid);
  return all;
}

call_target::stop session_threads::run(int timeout_ms) {
  stopped_.reset();
  const rt0db::stop s = runner_.run({}, timeout_ms, is_place);
  switch (s.why) {
    case rt0db::stop::kind::debug_call: target_.process().swallow(s.tid); return {event::trap, s.tid};
    case rt0db::stop::kind::overdue: return {event::overdue};
    case rt0db::stop::kind::interrupted: return {event::interrupted};
    case rt0db::stop::kind::ended:
      throw failure(failed, "process " + std::to_string(target_.process().pid()) + " " +
                                target_.process().how_it_ended());
    default: stopped_ = s; return {event::other, s.tid};
  }
}

}  // namespace rt0db
