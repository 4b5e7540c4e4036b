// pipeline COMMAND [ARGUMENTS...] [-- COMMAND [ARGUMENTS...]]...: runs the commands, each reading what the
// one before it prints, as a shell does with |. The status is the last one's; 128 and the signal, if one
// ended it; 127 if it is not found.
#include <rt/file.h>
#include <rt/process.h>

#include <iostream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

std::vector<std::vector<std::string>> commands_of(int argc, char** argv) {
  std::vector<std::vector<std::string>> commands(1);
  for (int i = 1; i < argc; i++) {
    if (std::string_view(argv[i]) == "--") {
      commands.emplace_back();
    } else {
      commands.back().emplace_back(argv[i]);
    }
  }
  return commands;
}

}  // namespace

int main(int argc, char** argv) {
  const auto commands = commands_of(argc, argv);
  for (const auto& command : commands) {
    if (command.empty()) {
      std::cerr << "usage: pipeline COMMAND [ARGUMENTS...] [-- COMMAND [ARGUMENTS...]]...\n";
      return 2;
    }
  }
  std::vector<rt::process> running;
  rt::net::conn before;  // what the command before prints
  int status = 0;
  for (std::size_t i = 0; i < commands.size(); i++) {
    const bool last = i + 1 == commands.size();
    rt::net::conn from = std::move(before);
    rt::process_options options;
    // A command that did not start: the next one reads nothing.
    rt::file nothing;
    if (i > 0 && from.fd() < 0) nothing = rt::file::open("/dev/null", O_RDONLY);
    if (i > 0) options.in = from.fd() >= 0 ? from.fd() : nothing.fd();
    if (!last) options.out = -1;
    try {
      rt::process p(commands[i], options);
      before = std::move(p.stdout_pipe());
      running.push_back(std::move(p));
    } catch (const std::system_error& e) {
      std::cerr << "pipeline: " << commands[i][0] << ": " << e.code().message() << '\n';
      if (last) status = 127;
    }
  }
  for (std::size_t i = 0; i < running.size(); i++) {
    const rt::process::status end = running[i].wait();
    if (i + 1 == running.size() && status == 0) status = end.exited ? end.code : 128 + end.signal;
  }
  return status;
}
