// rt0db: what `tools/rt0 ps`, `bt`, `attach` and `core` run. Statuses: failure.h; what went wrong is one line
// on stderr.
#include <charconv>
#include <cstring>
#include <iostream>
#include <string_view>

#include "tools/rt0db/core.h"
#include "tools/rt0db/failure.h"
#include "tools/rt0db/listing.h"
#include "tools/rt0db/live.h"
#include "tools/rt0db/session.h"

namespace rt0db {
namespace {

constexpr const char* usage_text =
    "usage: rt0 ps [--json] [--all] [--system] PID\n"
    "       rt0 bt [--all] [--system] PID [GOID]\n"
    "       rt0 attach [-x FILE] [--batch] PID\n"
    "       rt0 core [--json] [--all] [--system] FILE EXE [GOID]";

struct request {
  std::string name;
  listing_options options;
  bool json = false, batch = false;
  std::string script;
  std::vector<std::string> operands;
};

[[noreturn]] void usage(const std::string& what) { throw failure(wrong_usage, what + "\n" + usage_text); }

std::uint64_t number(const std::string& text, const char* name) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || *end != 0) usage(text + ": not a " + name);
  return value;
}

request parse(int argc, char** argv) {
  request c;
  for (int i = 1; i < argc; i++) {
    const std::string_view argument = argv[i];
    if (argument == "--json") {
      c.json = true;
    } else if (argument == "--all") {
      c.options.all = true;
    } else if (argument == "--system") {
      c.options.system = true;
    } else if (c.name == "attach" && argument == "--batch") {
      c.batch = true;
    } else if (c.name == "attach" && argument == "-x" && i + 1 < argc) {
      c.script = argv[++i];
    } else if (argument.starts_with("-")) {
      usage("no option " + std::string(argument));
    } else if (c.name.empty()) {
      c.name = argument;
    } else {
      c.operands.emplace_back(argument);
    }
  }
  const std::size_t least = c.name == "core" ? 2 : 1, most = c.name == "bt" ? 2 : c.name == "core" ? 3 : 1;
  const bool known = c.name == "ps" || c.name == "bt" || c.name == "core" || c.name == "attach";
  if (!known) usage("no such command: " + c.name);
  if (c.operands.size() < least)
    usage(c.name == "core" ? "core: FILE and EXE are wanted" : c.name + ": no PID given");
  if (c.operands.size() > most) usage(c.name + ": what is " + c.operands[most] + "?");
  if (c.json && (c.name == "bt" || c.name == "attach")) usage(c.name + ": no option --json");
  if (c.batch && c.script.empty()) usage("attach: --batch of which FILE? (-x FILE)");
  return c;
}

std::optional<std::uint64_t> goid_of(const request& c, std::size_t operand) {
  if (c.operands.size() <= operand) return std::nullopt;
  return number(c.operands[operand], "goroutine's id");
}

void print(const request& c, const image& program, const snapshot& all) {
  listing list(program, all, c.options);
  const bool is_core = c.name == "core";
  const auto goid = goid_of(c, is_core ? 2 : 1);
  if (c.json) {
    list.ps_json(std::cout);
    return;
  }
  if (c.name == "ps" || (is_core && !goid)) list.ps(std::cout);
  if (is_core && !goid) std::cout << "\n";
  if (c.name != "ps") list.bt(std::cout, goid);
}

pid_t pid_of(const request& c) {
  const auto pid = number(c.operands[0], "process id");
  if (pid == 0 || pid > INT32_MAX) throw failure(no_process, "no such process " + c.operands[0]);
  return static_cast<pid_t>(pid);
}

int run(const request& c) {
  if (c.name == "core") {
    const image program(c.operands[1]);
    core_process process(c.operands[0], program);
    print(c, program, take_snapshot(process, program, c.options.system));
    return ok;
  }
  const pid_t pid = pid_of(c);
  if (c.name == "attach") return attach(pid, c.script, c.batch);
  const image program(program_of(pid));
  live_process process(pid, program);
  const snapshot all = take_snapshot(process, program, c.options.system);
  print(c, program, all);
  return ok;
}

}  // namespace
}  // namespace rt0db

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  try {
    const int status = rt0db::run(rt0db::parse(argc, argv));
    std::cout.flush();
    if (!std::cout) throw rt0db::failure(rt0db::failed, "cannot write");
    return status;
  } catch (const rt0db::failure& f) {
    std::cerr << "rt0: " << f.what() << "\n";
    return f.code;
  } catch (const std::exception& e) {
    std::cerr << "rt0: " << e.what() << "\n";
    return rt0db::failed;
  }
}
