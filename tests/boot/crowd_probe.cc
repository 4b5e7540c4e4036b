// crowd_probe HOW N: many threads that wait, seen from outside.
//
//   flock N      N threads block in flock(), which need a kernel thread each
//   idle N       N seconds of sleep beside eight threads on a condition variable
//   used-idle N  the same after a few hundred threads have come and gone
#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

std::mutex mu;
std::condition_variable changed;
int waiting = 0;      // guarded by mu
bool let_go = false;  // guarded by mu

void wait_for_the_end() {
  std::unique_lock hold(mu);
  waiting++;
  changed.notify_all();
  changed.wait(hold, [] { return let_go; });
}

// n threads that wait, all of them there.
std::vector<std::thread> start_waiting(int n) {
  std::vector<std::thread> threads;
  for (int i = 0; i < n; i++) threads.emplace_back(wait_for_the_end);
  std::unique_lock hold(mu);
  changed.wait(hold, [n] { return waiting == n; });
  return threads;
}

void end(std::vector<std::thread>& threads) {
  {
    std::lock_guard hold(mu);
    let_go = true;
  }
  changed.notify_all();
  for (auto& t : threads) t.join();
  threads.clear();
  let_go = false;
  waiting = 0;
}

int block_in_flock(int n) {
  char name[] = "/tmp/crowd_XXXXXX";
  const int held = mkstemp(name);
  if (held < 0) return perror("mkstemp"), 1;
  const auto lock = [](int fd, int how) { return syscall(SYS_flock, fd, how); };
  if (lock(held, LOCK_EX) != 0) return perror("flock"), 1;
  std::vector<std::thread> threads;
  for (int i = 0; i < n; i++) {
    const int fd = open(name, O_RDWR | O_CLOEXEC);  // a lock belongs to an open file, not to a process
    if (fd < 0) return perror("open"), 1;
    threads.emplace_back([lock, fd] {
      if (lock(fd, LOCK_EX) != 0) perror("flock");
      close(fd);
    });
  }
  unlink(name);
  sleep(1);
  puts("all blocked");
  if (lock(held, LOCK_UN) != 0) return perror("flock"), 1;
  for (auto& t : threads) t.join();
  return 0;
}

int idle(int seconds, bool used) {
  if (used) {
    auto many = start_waiting(300);
    end(many);
  }
  auto threads = start_waiting(8);
  puts("idle");
  fflush(stdout);
  sleep(static_cast<unsigned>(seconds));
  end(threads);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string how = argc == 3 ? argv[1] : "";
  const int n = argc == 3 ? atoi(argv[2]) : 0;
  if (how == "flock") return block_in_flock(n);
  if (how == "idle") return idle(n, false);
  if (how == "used-idle") return idle(n, true);
  return fprintf(stderr, "usage: crowd_probe flock|idle|used-idle N\n"), 100;
}
