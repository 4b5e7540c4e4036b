// What the kernel says about this process's memory, read without malloc.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

// Whether the kernel may not read a byte there: what would answer us by SIGSEGV answers it by EFAULT.
inline bool is_guard(std::uintptr_t at) {
  static int fd[2];
  static const bool made = pipe(fd) == 0;
  char byte;
  if (!made) abort();
  if (write(fd[1], reinterpret_cast<const void*>(at), 1) == 1) return read(fd[0], &byte, 1) != 1;
  return errno == EFAULT;
}

// The number after `name` in /proc/self/status, in KiB.
inline std::size_t status_kib(const char* name) {
  char text[8192];
  const int fd = open("/proc/self/status", O_RDONLY);
  const ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  if (n < 0) return 0;
  text[n] = 0;
  const char* at = strstr(text, name);
  return at == nullptr ? 0 : strtoul(at + strlen(name), nullptr, 10);
}

// The kernel counts per CPU: some hundred KiB of it are noise.
inline std::size_t rss_kib() { return status_kib("VmRSS:"); }

// The number of mappings, which vm.max_map_count bounds.
inline int mappings() {
  char text[65536];
  const int fd = open("/proc/self/maps", O_RDONLY);
  int lines = 0;
  for (ssize_t n; (n = read(fd, text, sizeof text)) > 0;) {
    for (ssize_t i = 0; i < n; i++) lines += text[i] == '\n';
  }
  close(fd);
  return lines;
}
