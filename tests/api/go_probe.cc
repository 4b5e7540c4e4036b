// go_probe HOW: a goroutine of rt::go that ends, or does not, for go_end_test.sh.
#include <pthread.h>
#include <rt/chan.h>
#include <rt/go.h>
#include <rt/select.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <thread>

namespace {

struct loud {
  loud() = default;
  loud(loud&&) noexcept {}
  ~loud() { std::puts("destroyed"); }
};

void sleep_long() { std::this_thread::sleep_for(std::chrono::seconds(30)); }

struct thread_end {
  ~thread_end() { std::puts("thread_local destroyed"); }
};

// The ways that came with channels and rt::goexit. False: how is none of them.
bool later_ways(const char* how) {
  if (std::strcmp(how, "main-goexit") == 0) {
    rt::go([] {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      std::puts("the others go on");
    });
    std::thread([] { rt::yield(); }).detach();  // the end of the last thread does not end the process
    loud inside;
    rt::goexit();
  } else if (std::strcmp(how, "main-goexit-others-wait") == 0) {
    rt::go([] { (void)rt::chan<int>(0).recv(); });
    rt::goexit();
  } else if (std::strcmp(how, "goexit-swallowed") == 0) {
    try {
      rt::goexit();
    } catch (...) {
    }
  } else if (std::strcmp(how, "wait-reasons") == 0) {
    rt::chan<int> c(0);
    rt::go([=] { c.send(1); });
    rt::go([] { (void)rt::chan<int>().recv(); });
    rt::go([] { rt::chan<int>().send(1); });
    rt::go([] { rt::select(); });
    rt::go([] { rt::select(rt::recv(rt::chan<int>(0)), rt::recv(rt::chan<int>())); });
    (void)rt::chan<int>(0).recv();
  } else if (std::strcmp(how, "send-closed") == 0) {
    rt::chan<int> c(0);
    c.close();
    c.send(1);
  } else {
    return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const char* how = argc > 1 ? argv[1] : "";
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  if (std::strcmp(how, "throw") == 0) {
    rt::go([] { throw std::runtime_error("nobody catches this"); });
    sleep_long();
  } else if (std::strcmp(how, "throw-at-the-throw") == 0) {
    // Were the stack unwound before terminate, `inside` would have said "destroyed".
    std::set_terminate([] {
      std::puts("terminate");
      std::fflush(stdout);
      std::_Exit(12);
    });
    rt::go([] {
      loud inside;
      throw 1;
    });
    sleep_long();
  } else if (std::strcmp(how, "main-returns") == 0) {
    static std::atomic<bool> said{false};
    rt::go([] {
      std::puts("runs");
      said = true;
      sleep_long();
    });
    while (!said) rt::yield();
    return 7;
  } else if (std::strcmp(how, "pthread_exit") == 0) {
    // Ends the goroutine as it would a thread: frames, the callable, thread_local objects.
    rt::go([inside = loud{}] {
      static thread_local thread_end at_end;
      (void)&at_end;
      pthread_exit(nullptr);
    });
    while (rt::num_goroutine() > 1) rt::yield();
    std::puts("main goes on");
  } else if (std::strcmp(how, "deadlock") == 0) {
    static std::atomic<bool> never{false};
    rt::go({.name = "a long name, which is cut"}, [] { never.wait(false); });
    never.wait(false);
  } else if (!later_ways(how)) {
    return 2;
  }
}
