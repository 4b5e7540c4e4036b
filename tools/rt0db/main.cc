// rt0db: what `tools/rt0 ps`, `bt` and `core` run. Statuses: failure.h; what went wrong is one line on
// stderr.
#include <charconv>
#include <cstring>
#include <iostream>
#include <string_view>

#include "tools/rt0db/core.h"
#include "tools/rt0db/failure.h"
#include "tools/rt0db/listing.h"
#include "tools/rt0db/live.h"

namespace rt0db {
namespace {

constexpr const char* usage_text =
    "usage: rt0 ps [--json] [--all] [--system] PID\n"
    "       rt0 bt [--all] [--system] PID [GOID]\n"
    "       rt0 core [--json] [--all] [--system] FILE EXE [GOID]";

struct command {
  std::string name;
  listing_options options;
  bool json = false;
  std::vector<std::string> operands;
};

[[noreturn]] void usage(const std::string& what) { throw failure(wrong_usage, what + "\n" + usage_text); }

std::uint64_t number(const std::string& text, const char* name) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || *end != 0) usage(text + ": not a " + name);
  return value;
}

command parse(int argc, char** argv) {
  command c;
  for (int i = 1; i < argc; i++) {
    const std::string_view argument = argv[i];
    if (argument == "--json") {
      c.json = true;
    } else if (argument == "--all") {
      c.options.all = true;
    } else if (argument == "--system") {
      c.options.system = true;
    } else if (argument.starts_with("-")) {
      usage("no option " + std::string(argument));
    } else if (c.name.empty()) {
      c.name = argument;
    } else {
      c.operands.emplace_back(argument);
    }
  }
  const std::size_t least = c.name == "core" ? 2 : 1, most = c.name == "bt" ? 2 : c.name == "core" ? 3 : 1;
  if (c.name != "ps" && c.name != "bt" && c.name != "core") usage("no such command: " + c.name);
  if (c.operands.size() < least)
    usage(c.name == "core" ? "core: FILE and EXE are wanted" : c.name + ": no PID given");
  if (c.operands.size() > most) usage(c.name + ": what is " + c.operands[most] + "?");
  if (c.json && c.name == "bt") usage("bt: no option --json");
  return c;
}

std::optional<std::uint64_t> goid_of(const command& c, std::size_t operand) {
  if (c.operands.size() <= operand) return std::nullopt;
  return number(c.operands[operand], "goroutine's id");
}

void print(const command& c, const image& program, const snapshot& all) {
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

void run(const command& c) {
  if (c.name == "core") {
    const image program(c.operands[1]);
    core_process process(c.operands[0], program);
    print(c, program, take_snapshot(process, program, c.options.system));
    return;
  }
  const auto pid = number(c.operands[0], "process id");
  if (pid == 0 || pid > INT32_MAX) throw failure(no_process, "no such process " + c.operands[0]);
  const image program(program_of(static_cast<pid_t>(pid)));
  live_process process(static_cast<pid_t>(pid), program);
  const snapshot all = take_snapshot(process, program, c.options.system);
  print(c, program, all);
}

}  // namespace
}  // namespace rt0db

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  try {
    rt0db::run(rt0db::parse(argc, argv));
    std::cout.flush();
    if (!std::cout) throw rt0db::failure(rt0db::failed, "cannot write");
    return rt0db::ok;
  } catch (const rt0db::failure& f) {
    std::cerr << "rt0: " << f.what() << "\n";
    return f.code;
  } catch (const std::exception& e) {
    std::cerr << "rt0: " << e.what() << "\n";
    return rt0db::failed;
  }
}
