// cancel: one search in three places; the first answer, or the end of the time, cancels the others. A
// std::stop_token says so everywhere: to a sleep, to a select, to a wait for a permit.
#include <rt/chan.h>
#include <rt/go.h>
#include <rt/select.h>
#include <rt/sync.h>
#include <rt/time.h>

#include <atomic>
#include <chrono>
#include <iostream>
#include <optional>
#include <stop_token>
#include <string>

using namespace std::chrono_literals;

namespace {

// The place answers after `takes`, unless it is told to stop.
void search(const std::string& place, std::chrono::milliseconds takes, const std::stop_token& stop,
            const rt::chan<std::string>& answers) {
  if (!rt::sleep_for(takes, stop)) return;
  rt::select(rt::send(answers, "found in " + place), rt::stopped(stop));
}

std::optional<std::string> first_answer(std::chrono::milliseconds in_time,
                                        std::chrono::milliseconds quickest) {
  std::stop_source stop = rt::stop_after(in_time);
  const rt::chan<std::string> answers(0);
  rt::wait_group searches;
  searches.go([&] { search("the shelf", quickest, stop.get_token(), answers); });
  searches.go([&] { search("the cellar", quickest + 1h, stop.get_token(), answers); });
  searches.go([&] { search("the attic", quickest + 2h, stop.get_token(), answers); });
  std::optional<std::string> answer;
  rt::select(rt::recv(answers, [&](std::optional<std::string> a) { answer = std::move(a); }),
             rt::stopped(stop.get_token()));
  stop.request_stop();
  searches.wait();  // they all end: none is left behind
  return answer;
}

}  // namespace

int main() {
  std::cout << first_answer(1min, 2ms).value_or("no answer in time") << "\n";
  std::cout << first_answer(5ms, 1h).value_or("no answer in time") << "\n";

  // A wait for a lock-like thing, given up.
  rt::counting_semaphore<> permits(0);
  std::cout << (permits.acquire(rt::stop_after(2ms).get_token()) ? "got it" : "gave up") << "\n";

  // A function that was to run later, called off.
  std::atomic<bool> ran{false};
  rt::timer later(1h, [&] { ran = true; });
  std::cout << (later.stop() && !ran ? "called off" : "too late") << "\n";
}
