// crowd_probe HOW N: many threads that wait, seen from outside.
//
//   read N       N threads block in read() on empty pipes, which need a kernel thread each
//   idle N       N seconds of sleep beside eight threads on a condition variable
//   used-idle N  the same after a few hundred threads have come and gone
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

int block_in_read(int n) {
  std::vector<std::thread> threads;
  std::vector<int> ends;
  for (int i = 0; i < n; i++) {
    int fd[2];
    if (pipe(fd) != 0) return perror("pipe"), 1;
    ends.push_back(fd[1]);
    threads.emplace_back([in = fd[0]] {
      char byte;
      if (read(in, &byte, 1) != 1) perror("read");
    });
  }
  sleep(1);
  puts("all blocked");
  for (int out : ends) {
    if (write(out, "x", 1) != 1) return perror("write"), 1;
  }
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
  if (how == "read") return block_in_read(n);
  if (how == "idle") return idle(n, false);
  if (how == "used-idle") return idle(n, true);
  return fprintf(stderr, "usage: crowd_probe read|idle|used-idle N\n"), 100;
}
