// philosophers [N]: N philosophers, N forks, each a channel that holds it. All but the last take the left
// fork first, the last the right one, so that they never wait in a circle.
#include <rt/chan.h>
#include <rt/go.h>

#include <cstdlib>
#include <iostream>
#include <vector>

namespace {

struct fork_token {};

int dine(const rt::chan<fork_token>& first, const rt::chan<fork_token>& second, int meals) {
  for (int eaten = 0; eaten < meals; eaten++) {
    const fork_token one = *first.recv();
    rt::yield();  // the moment in which a circle would close
    const fork_token other = *second.recv();
    second.send(other);
    first.send(one);
  }
  return meals;
}

}  // namespace

int main(int argc, char** argv) {
  const int n = argc > 1 ? std::atoi(argv[1]) : 5, meals = 1000;
  std::vector<rt::chan<fork_token>> forks;
  for (int i = 0; i < n; i++) {
    forks.emplace_back(1);
    forks.back().send({});
  }
  std::vector<rt::task<int>> table;
  for (int i = 0; i < n; i++) {
    const auto& left = forks[i];
    const auto& right = forks[(i + 1) % n];
    const bool last = i == n - 1;
    table.push_back(rt::spawn([=] { return last ? dine(right, left, meals) : dine(left, right, meals); }));
  }
  int eaten = 0;
  for (auto& philosopher : table) eaten += philosopher.get();
  std::cout << n << " philosophers had " << eaten << " meals\n";
}
