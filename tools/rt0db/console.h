// Where a session's commands come from: a terminal, with libedit's line editing, history and completion; a
// file; or whatever else stdin is, which is read as a file.
//
// Signals are kept back (traced.h), so a read that waits looks for them, too.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rt0db {

class console {
 public:
  virtual ~console() = default;

  // The next line; nothing: there are no more. Throws ending.
  virtual std::optional<std::string> line() = 0;
  // "FILE:LINE: " of what line() gave; empty: a human's.
  virtual std::string where() const { return {}; }
};

constexpr const char* prompt = "(rt0) ";

// What could stand in place of the last word of a line.
using completer = std::function<std::vector<std::string>(const std::string& line)>;

// Throws failure(failed): it cannot be read.
std::unique_ptr<console> script(const std::string& path);
// stdin, which may be a terminal.
std::unique_ptr<console> standard_input(completer complete);

}  // namespace rt0db
