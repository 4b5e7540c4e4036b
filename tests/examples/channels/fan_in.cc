// fan_in: three producers of different speed, one that takes from whichever has something, a time limit, and
// a stop.
#include <rt/chan.h>
#include <rt/go.h>
#include <rt/select.h>

#include <chrono>
#include <iostream>
#include <map>
#include <stop_token>
#include <string>
#include <thread>

using namespace std::chrono_literals;

namespace {

rt::chan<std::string> producer(const std::string& name, std::chrono::microseconds every, int count) {
  rt::chan<std::string> out(0);
  rt::go([=] {
    for (int i = 0; i < count; i++) {
      std::this_thread::sleep_for(every);
      out.send(name);
    }
    out.close();
  });
  return out;
}

}  // namespace

int main() {
  rt::chan<std::string> quick = producer("quick", 10us, 50), slow = producer("slow", 700us, 5);
  const rt::chan<std::string> silent(0);
  std::map<std::string, int> heard;
  const auto note = [&](rt::chan<std::string>& from) {
    return [&](std::optional<std::string> name) {
      name ? void(heard[*name]++) : void(from = rt::chan<std::string>());  // closed: nil, never ready again
    };
  };
  while (quick || slow)
    rt::select(rt::recv(quick, note(quick)), rt::recv(slow, note(slow)), rt::recv(silent));
  for (const auto& [name, times] : heard) std::cout << name << " " << times << "\n";

  rt::select(rt::recv(silent), rt::timeout(1ms, [] { std::cout << "nothing in a millisecond\n"; }));
  std::stop_source stop;
  rt::go([=]() mutable { stop.request_stop(); });
  rt::select(rt::recv(silent), rt::stopped(stop.get_token(), [] { std::cout << "stopped\n"; }));
  rt::select(rt::recv(silent), rt::otherwise([] { std::cout << "nothing now\n"; }));
}
