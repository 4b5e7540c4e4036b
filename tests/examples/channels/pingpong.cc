// pingpong: two players and a ball that knows how often it was hit. The channel has no buffer: who hits the
// ball waits until the other has it.
#include <rt/chan.h>
#include <rt/go.h>

#include <iostream>

namespace {

struct ball {
  int hits = 0;
};

void player(const char* name, rt::chan<ball> in, rt::chan<ball> out) {
  for (ball b : in) {
    b.hits++;
    if (b.hits <= 4) std::cout << name << " " << b.hits << "\n";
    if (b.hits == 100'000) {
      std::cout << name << " keeps the ball after " << b.hits << " hits\n";
      return out.close();
    }
    out.send(b);
  }
}

}  // namespace

int main() {
  const rt::chan<ball> left(0), right(0);
  auto ping = rt::spawn([=] { player("ping", left, right); });
  auto pong = rt::spawn([=] { player("pong", right, left); });
  left.send({});
  ping.join();
  pong.join();
}
