// refuse ERRNO CALL[,CALL]... PROGRAM ARGS...: runs a program to which the kernel refuses these system calls
// (by number) with that errno, as a container's seccomp filter does.
//
// Hosted: built by the machine's own compiler, not on rt0.
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <vector>

int main(int argc, char** argv) {
  if (argc < 4) {
    fprintf(stderr, "refuse ERRNO CALL[,CALL]... PROGRAM ARGS...\n");
    return 2;
  }
  const auto error = static_cast<unsigned>(atoi(argv[1]));
  std::vector<sock_filter> filter{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  for (char* at = argv[2];; at++) {
    const auto call = static_cast<unsigned>(strtoul(at, &at, 10));
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1));
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error & SECCOMP_RET_DATA)));
    if (*at != ',') break;
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    perror("refuse: seccomp");
    return 2;
  }
  execv(argv[3], argv + 3);
  perror(argv[3]);
  return 127;
}
