// rate_limiter: requests come in bursts, and are served five at once, then one every 10 ms. A ticker fills a
// channel of permits that holds five; what it finds full is lost, as it shall be.
#include <rt/chan.h>
#include <rt/go.h>
#include <rt/select.h>
#include <rt/time.h>

#include <chrono>
#include <iostream>

using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

struct permit {};

// A permit every so often, as many as the channel holds in store. Closing the ticker's channel ends it.
void refill(const rt::chan<steady_clock::time_point>& ticks, const rt::chan<permit>& permits) {
  for ([[maybe_unused]] auto t : ticks) rt::select(rt::send(permits, permit{}), rt::otherwise());
}

}  // namespace

int main() {
  constexpr int burst = 5, requests = 12;
  constexpr auto period = 10ms;
  const rt::chan<permit> permits(burst);
  for (int i = 0; i < burst; i++) permits.send({});
  const auto start = steady_clock::now();
  const rt::ticker every(period);
  rt::go(refill, every.c, permits);

  for (int i = 0; i < requests; i++) {
    permits.recv();
    std::cout << "request " << i << (i < burst ? " at once" : " limited") << "\n";
  }
  const auto took = steady_clock::now() - start;
  const bool slow_enough = took >= (requests - burst) * period;
  std::cout << requests << " requests, " << (slow_enough ? "not faster than allowed" : "too fast") << "\n";
  every.c.close();
}
