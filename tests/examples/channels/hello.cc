// hello: a goroutine, a channel, and a result that comes back.
#include <rt/chan.h>
#include <rt/go.h>

#include <iostream>
#include <string>

int main() {
  const rt::chan<std::string> greetings(0);
  rt::go([=] {
    for (const char* name : {"world", "goroutine", "channel"}) greetings.send(std::string("hello, ") + name);
    greetings.close();
  });
  for (std::string line : greetings) std::cout << line << "\n";
  std::cout << "and " << rt::spawn([] { return 6 * 7; }).get() << "\n";
}
