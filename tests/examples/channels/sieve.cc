// sieve [N]: the first N primes, by a chain of filters. Each prime adds a goroutine that lets pass what it
// does not divide; M. D. McIlroy's and C. A. R. Hoare's example of processes that talk.
#include <rt/chan.h>
#include <rt/go.h>

#include <cstdlib>
#include <iostream>

namespace {

void count_from_two(const rt::chan<int>& out) {
  for (int i = 2;; i++) out.send(i);
}

void filter(const rt::chan<int>& in, const rt::chan<int>& out, int prime) {
  for (int i : in) {
    if (i % prime != 0) out.send(i);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int wanted = argc > 1 ? std::atoi(argv[1]) : 20;
  rt::chan<int> numbers(0);
  rt::go(count_from_two, numbers);
  for (int n = 0; n < wanted; n++) {
    const int prime = *numbers.recv();
    std::cout << prime << "\n";
    const rt::chan<int> next(0);
    rt::go(filter, numbers, next, prime);
    numbers = next;
  }
}  // main returns: the filters end with the process
