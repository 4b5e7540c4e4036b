// Prints what a program finds at its start: arguments, environment, auxiliary vector, descriptors.
// start_test.sh compares.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

namespace {

void print_auxv() {
  auto* random = reinterpret_cast<const unsigned char*>(getauxval(AT_RANDOM));
  int set = 0;
  for (int i = 0; random && i < 16; ++i) set += random[i] != 0;
  printf("pagesz %lu\n", getauxval(AT_PAGESZ));
  printf("random %s\n", set >= 8 ? "yes" : "no");
  printf("phdr %s\n", getauxval(AT_PHDR) && getauxval(AT_PHNUM) > 2 ? "yes" : "no");
  printf("uid %s\n", getauxval(AT_UID) == getuid() ? "same" : "other");
  const char* name = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
  printf("execfn %s\n", name && strstr(name, "start_probe") ? "yes" : "no");
  errno = 0;
  const unsigned long missing = getauxval(9999);
  printf("missing %lu %s\n", missing, errno == ENOENT ? "ENOENT" : "no error");
}

}  // namespace

int main(int argc, char** argv, char** envp) {
  int open_fds = 0;
  for (int fd = 0; fd < 3; ++fd) open_fds |= (fcntl(fd, F_GETFD) >= 0) << fd;
  printf("argc %d\n", argc);
  for (int i = 0; i < argc; ++i) printf("argv[%d] %s\n", i, i == 0 && argv[0][0] ? "program" : argv[i]);
  printf("argv end %s\n", argv[argc] ? "wrong" : "null");
  size_t count = 0, bytes = 0;
  for (char** e = envp; *e; ++e) ++count, bytes += strlen(*e) + 1;
  printf("env count %zu bytes %zu\n", count, bytes);
  printf("environ %s\n", envp == environ ? "same" : "other");
  printf("fds %d\n", open_fds);
  print_auxv();
  fflush(stdout);
  return 0;
}
