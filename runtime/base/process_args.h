// What the kernel handed to the process: written once by rt0_args.
#pragma once

namespace rt0 {

struct process_args {
  int argc;
  char** argv;
  char** envp;
};

extern constinit process_args args;

}  // namespace rt0
