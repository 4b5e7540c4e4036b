// Source: kernel, Documentation/admin-guide/cgroup-v2.rst (cpu.max: "$MAX $PERIOD") and
// Documentation/scheduler/sched-bwc.rst (version 1).
#include "sys/cgroup.h"

#include <cstddef>

#include "sys/file.h"
#include "sys/text.h"

namespace rt0::sys {
namespace {

constexpr std::size_t path_bytes = 1024, content_bytes = 4096;

// False: there is no such file.
bool read_file(const char* path, text<content_bytes>& into) noexcept {
  into.length = read_text(path, into.at, content_bytes);
  return into.length != 0;
}

// A decimal number; 0 if there is none ("max", "-1"). at moves behind it and one blank.
long number(const char*& at) noexcept {
  long n = 0;
  while (*at >= '0' && *at <= '9' && n < 1'000'000'000'000) n = n * 10 + (*at++ - '0');
  while (*at != 0 && *at != ' ' && *at != '\n') at++, n = 0;
  if (*at == ' ') at++;
  return n;
}

int cpus(long quota_us, long period_us) noexcept {
  if (quota_us <= 0 || period_us <= 0) return 0;
  return static_cast<int>((quota_us + period_us - 1) / period_us);
}

int limit_v2(const char* folder) noexcept {
  text<path_bytes> path;
  text<content_bytes> content;
  path.add(folder), path.add("/cpu.max");
  if (!read_file(path.at, content)) return 0;
  const char* at = content.at;
  const long quota_us = number(at);
  return cpus(quota_us, number(at));
}

int limit_v1(const char* folder) noexcept {
  text<path_bytes> path;
  text<content_bytes> quota, period;
  path.add(folder), path.add("/cpu.cfs_quota_us");
  if (!read_file(path.at, quota)) return 0;
  path.cut(0);
  path.add(folder), path.add("/cpu.cfs_period_us");
  if (!read_file(path.at, period)) return 0;
  const char *q = quota.at, *p = period.at;
  const long quota_us = number(q);
  return cpus(quota_us, number(p));
}

// The least limit of root/group and of every folder above it down to root.
int least_limit(const char* root, const char* group, int (*limit)(const char*)) noexcept {
  text<path_bytes> folder;
  folder.add(root);
  const std::size_t root_length = folder.length;
  folder.add(group);
  int least = 0;
  for (;;) {
    const int here = limit(folder.at);
    if (here != 0 && (least == 0 || here < least)) least = here;
    if (folder.length <= root_length) return least;
    while (folder.length > root_length && folder.at[folder.length - 1] != '/') folder.length--;
    folder.cut(folder.length > root_length ? folder.length - 1 : root_length);
  }
}

// Copies the path of a line of /proc/self/cgroup ("ID:CONTROLLERS:PATH") if its middle has the word, else
// false. at moves to the next line.
bool group_of(const char*& at, const char* controller, text<path_bytes>& group) noexcept {
  while (*at != 0 && *at != ':') at++;
  if (*at == ':') at++;
  bool found = *controller == 0 && *at == ':';
  while (*at != 0 && *at != ':') {
    const char* word = controller;
    while (*word != 0 && *at == *word) at++, word++;
    found = found || (*controller != 0 && *word == 0 && (*at == ',' || *at == ':'));
    while (*at != 0 && *at != ',' && *at != ':') at++;
    if (*at == ',') at++;
  }
  if (*at == ':') at++;
  group.cut(0);
  for (; *at != 0 && *at != '\n'; at++) {
    const char one[] = {*at, 0};
    group.add(one);
  }
  if (*at == '\n') at++;
  if (group.length == 1) group.cut(0);  // "/"
  return found;
}

}  // namespace

int cgroup_cpu_limit() noexcept {
  text<content_bytes> groups;
  if (!read_file("/proc/self/cgroup", groups)) return 0;
  text<path_bytes> group;
  for (const char* at = groups.at; *at != 0;) {
    if (!group_of(at, "cpu", group)) continue;
    const int limit = least_limit("/sys/fs/cgroup/cpu", group.at, limit_v1);
    if (limit != 0) return limit;
  }
  for (const char* at = groups.at; *at != 0;) {
    if (group_of(at, "", group)) return least_limit("/sys/fs/cgroup", group.at, limit_v2);
  }
  return 0;
}

}  // namespace rt0::sys
