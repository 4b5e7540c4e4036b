// How a command ends that cannot do what it was asked: one line, and a status that scripts can tell apart.
#pragma once
#include <stdexcept>
#include <string>

namespace rt0db {

enum status : int { ok = 0, failed = 1, wrong_usage = 2, no_process = 3, not_rt0 = 4 };

struct failure : std::runtime_error {
  failure(rt0db::status status, const std::string& what) : std::runtime_error(what), code(status) {}

  rt0db::status code;
};

}  // namespace rt0db
