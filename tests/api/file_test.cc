// <rt/file.h>: files on disks, FIFOs, terminals; close and stop from another goroutine.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <fcntl.h>
#include <pthread.h>
#include <rt/file.h>
#include <rt/go.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <latch>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/api/io_help.h"
#include "tests/runtime/seed.h"

namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

// A folder of this test's own.
struct folder {
  fs::path path;
  folder() {
    std::string name = fs::temp_directory_path() / "rt0_file_XXXXXX";
    path = mkdtemp(name.data());
  }
  ~folder() { fs::remove_all(path); }
  fs::path fifo() const {
    const fs::path at = path / "fifo";
    REQUIRE(mkfifo(at.c_str(), 0600) == 0);
    return at;
  }
};

std::string random_text(std::size_t bytes, std::mt19937_64& random) {
  std::string text(bytes, 0);
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

std::span<const std::byte> bytes_of(const std::string& s) { return std::as_bytes(std::span(s)); }

// Other goroutines go on while f waits.
template <class F>
void while_others_tick(F f) {
  std::atomic<bool> done{false};
  std::atomic<int> ticks{0};
  std::thread other([&] {
    while (!done) {
      ticks++;
      rt::yield();
    }
  });
  while (ticks == 0) rt::yield();
  f(ticks);
  done = true;
  other.join();
}

}  // namespace

TEST_CASE("written, read, read and written elsewhere, appended") {
  const folder here;
  const fs::path name = here.path / "a";
  {
    rt::file f = rt::file::open(name, O_RDWR | O_CREAT | O_EXCL, 0640);
    CHECK(f.write("hello, ") == 7);
    CHECK(f.write("world") == 5);
    std::array<std::byte, 4> some;
    CHECK(f.read(some) == 0);  // the end
    CHECK(f.pread(some, 7) == 4);
    CHECK(std::string_view(reinterpret_cast<char*>(some.data()), 4) == "worl");
    CHECK(f.pread(some, 10) == 2);
    CHECK(f.pread(some, 100) == 0);
    CHECK(f.pwrite(bytes_of("W"), 7) == 1);
    f.sync();
    CHECK(fcntl(f.fd(), F_GETFD) == FD_CLOEXEC);
    CHECK(f.read(std::span<std::byte>()) == 0);
    CHECK(f.write(std::string_view()) == 0);
  }
  struct stat about;
  CHECK(stat(name.c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0640);
  rt::file a = rt::file::open(name, O_WRONLY | O_APPEND), r = rt::file::open(name, O_RDONLY);
  CHECK(a.write("!") == 1);
  CHECK(read_all(r) == "hello, World!");
  CHECK(a.write("?") == 1);
  CHECK(read_all(r) == "?");
  rt::file truncated = rt::file::open(name, O_WRONLY | O_TRUNC);
  CHECK(fs::file_size(name) == 0);
}

TEST_CASE("errors are named") {
  const folder here;
  std::error_code error;
  CHECK(error_of([&] { rt::file::open(here.path / "none", O_RDONLY); }) ==
        std::errc::no_such_file_or_directory);
  CHECK(rt::file::open(here.path / "none", O_RDONLY, 0, error).fd() == -1);
  CHECK(error == std::errc::no_such_file_or_directory);
  CHECK(error_of([&] { rt::file::open(here.path, O_WRONLY); }) == std::errc::is_a_directory);
  rt::file d = rt::file::open(here.path, O_RDONLY | O_DIRECTORY);
  char c;
  CHECK(error_of([&] { d.read(&c, 1); }) == std::errc::is_a_directory);
  d.sync();
  rt::file f = rt::file::open(here.path / "f", O_RDONLY | O_CREAT);
  CHECK(error_of([&] { f.write("x"); }) == std::errc::bad_file_descriptor);
  std::array<std::byte, 1> one;
  CHECK(error_of([&] { f.pread(one, -1); }) == std::errc::invalid_argument);
  CHECK(error_of([&] { f.pwrite(one, -5); }) == std::errc::invalid_argument);
  rt::file full = rt::file::open("/dev/full", O_WRONLY);
  CHECK(full.write("x", error) == 0);
  CHECK(error == std::errc::no_space_on_device);
  rt::file none;
  CHECK(error_of([&] { none.read(&c, 1); }) == std::errc::bad_file_descriptor);
  CHECK(error_of([&] { none.sync(); }) == std::errc::bad_file_descriptor);
  f.close();
  f.close();
  CHECK(f.fd() == -1);
  CHECK(f.read(&c, 1, error) == 0);
  CHECK(error == std::errc::bad_file_descriptor);
  std::stop_source stopped;
  stopped.request_stop();
  CHECK(error_of([&] { d.read(&c, 1, stopped.get_token()); }) == std::errc::operation_canceled);
  CHECK(error_of([&] { rt::file::open(here.path, O_RDONLY, 0, stopped.get_token()); }) ==
        std::errc::operation_canceled);
}

TEST_CASE("what the page cache has not") {
  const folder here;
  std::mt19937_64 random(test_seed());
  const std::string text = random_text(4 << 20, random);
  rt::file f = rt::file::open(here.path / "big", O_RDWR | O_CREAT);
  CHECK(f.write(text) == text.size());
  f.sync();
  std::latch done(8);
  for (int i = 0; i < 8; i++) {
    rt::go([&, i] {
      std::mt19937_64 mine(static_cast<unsigned>(i));
      std::vector<std::byte> to(10'000);
      for (int n = 0; n < 50; n++) {
        if (n % 10 == 0) posix_fadvise(f.fd(), 0, 0, POSIX_FADV_DONTNEED);
        const std::size_t at = mine() % (text.size() + 5000);
        const std::size_t got = f.pread(to, static_cast<off_t>(at));
        const std::size_t expected = at < text.size() ? std::min(to.size(), text.size() - at) : 0;
        CHECK(got == expected);
        CHECK(memcmp(to.data(), text.data() + std::min(at, text.size()), got) == 0);
      }
      done.count_down();
    });
  }
  done.wait();
}

TEST_CASE("a FIFO parks: open, read, a write to a full one") {
  const folder here;
  const fs::path name = here.fifo();
  while_others_tick([&](std::atomic<int>& ticks) {
    rt::file w;
    std::thread writer([&] { w = rt::file::open(name, O_WRONLY); });
    const int before = ticks;
    while (ticks < before + 3) rt::yield();
    rt::file r = rt::file::open(name, O_RDONLY);
    writer.join();
    std::thread late([&] {
      const int then = ticks;
      while (ticks < then + 3) rt::yield();
      w.write("late");
    });
    char c[10];
    CHECK(r.read(c, sizeof c) == 4);
    late.join();
    std::mt19937_64 random(test_seed());
    const std::string much = random_text(1 << 20, random);
    std::thread full([&] {
      CHECK(w.write(much) == much.size());
      w.close();
    });
    CHECK(read_all(r) == much);
    full.join();
    std::array<std::byte, 1> one;
    CHECK(error_of([&] { r.pread(one, 0); }) == std::errc::invalid_seek);
  });
}

TEST_CASE("a FIFO that nobody reads is an error, not a signal") {
  const folder here;
  const fs::path name = here.fifo();
  rt::file r = rt::file::open(name, O_RDONLY | O_NONBLOCK), w = rt::file::open(name, O_WRONLY);
  r.close();
  for (int i = 0; i < 3; i++) CHECK(error_of([&] { w.write("x"); }) == std::errc::broken_pipe);
  // The program's own SIGPIPE, which waits, is left alone.
  sigset_t pipe, pending;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  CHECK(error_of([&] { w.write("x"); }) == std::errc::broken_pipe);
  sigpending(&pending);
  CHECK(sigismember(&pending, SIGPIPE) == 0);
  pthread_kill(pthread_self(), SIGPIPE);
  CHECK(error_of([&] { w.write("x"); }) == std::errc::broken_pipe);
  sigpending(&pending);
  CHECK(sigismember(&pending, SIGPIPE) == 1);
  int got = 0;
  sigwait(&pipe, &got);
  pthread_sigmask(SIG_UNBLOCK, &pipe, nullptr);
}

TEST_CASE("O_NONBLOCK or not: it waits") {
  const folder here;
  const fs::path name = here.fifo();
  rt::file r = rt::file::open(name, O_RDONLY | O_NONBLOCK);
  rt::file w = rt::file::open(name, O_WRONLY | O_NONBLOCK);
  std::thread writer([&] {
    std::this_thread::sleep_for(2ms);
    w.write("x");
  });
  char c;
  CHECK(r.read(&c, 1) == 1);
  writer.join();
}

TEST_CASE("close and stop end what waits; the number is free afterwards") {
  const folder here;
  const fs::path name = here.fifo();
  const std::size_t before = open_count();
  for (int round = 0; round < 50; round++) {
    rt::file r = rt::file::open(name, O_RDWR), w = rt::file::open(name, O_RDWR);
    const std::string much(1 << 20, 'x');
    std::latch started(2);
    std::stop_source stop;
    std::thread reader([&] {
      char c;
      started.count_down();
      // The writer's bytes come first.
      for (std::error_code error; !error; r.read(&c, 1, error)) {
      }
    });
    std::thread writer([&] {
      started.count_down();
      const std::error_code error = error_of([&] { w.write(much, stop.get_token()); });
      if (round % 3 == 0) CHECK((!error || error == std::errc::operation_canceled));
    });
    started.wait();
    if (round % 2 == 0) std::this_thread::sleep_for(1ms);
    stop.request_stop();
    writer.join();
    r.close();
    reader.join();
  }
  CHECK(open_count() == before);
  rt::file r = rt::file::open(name, O_RDWR);
  for (int round = 0; round < 50; round++) {
    std::stop_source stop;
    std::thread stopper([&] {
      for (int i = 0; i < round % 7; i++) rt::yield();
      stop.request_stop();
    });
    char c;
    CHECK(error_of([&] { r.read(&c, 1, stop.get_token()); }) == std::errc::operation_canceled);
    stopper.join();
  }
}

TEST_CASE("an open that waits can be left; what it opens is closed") {
  const folder here;
  const fs::path name = here.fifo();
  const std::size_t before = open_count(), goroutines = rt::num_goroutine();
  std::stop_source stop;
  std::thread stopper([&] {
    while (rt::num_goroutine() != goroutines + 2) rt::yield();  // it opens
    stop.request_stop();
  });
  CHECK(error_of([&] { rt::file::open(name, O_RDONLY, 0, stop.get_token()); }) ==
        std::errc::operation_canceled);
  stopper.join();
  std::stop_source never;
  rt::file w = rt::file::open(name, O_RDWR, 0, never.get_token());  // lets it go on
  CHECK(w.fd() >= 0);
  while (rt::num_goroutine() != goroutines) rt::yield();
  w.close();
  CHECK(open_count() == before);
}

TEST_CASE("a terminal parks, and close ends the read") {
  const int master = posix_openpt(O_RDWR | O_NOCTTY);
  REQUIRE(master >= 0);
  grantpt(master);
  unlockpt(master);
  char name[100];
  REQUIRE(ptsname_r(master, name, sizeof name) == 0);
  rt::file tty = rt::file::open(name, O_RDWR | O_NOCTTY);
  while_others_tick([&](std::atomic<int>& ticks) {
    std::thread typist([&] {
      const int before = ticks;
      while (ticks < before + 3) rt::yield();
      CHECK(::write(master, "line\n", 5) == 5);
    });
    char line[100];
    CHECK(tty.read(line, sizeof line) == 5);
    typist.join();
  });
  CHECK(tty.write("out") == 3);
  std::thread closer([&] {
    std::this_thread::sleep_for(2ms);
    tty.close();
  });
  char c;
  CHECK(was_closed(error_of([&] { tty.read(&c, 1); })));
  closer.join();
  ::close(master);
}

TEST_CASE("a handler's return does not end a read") {
  const folder here;
  const fs::path name = here.fifo();
  static std::atomic<int> handled;
  struct sigaction counts {};
  counts.sa_handler = [](int) { handled++; };  // without SA_RESTART
  sigaction(SIGUSR1, &counts, nullptr);
  rt::file r = rt::file::open(name, O_RDWR);
  std::thread reader([&] {
    char c;
    CHECK(r.read(&c, 1) == 1);
  });
  for (int i = 1; i <= 10; i++) {
    pthread_kill(reader.native_handle(), SIGUSR1);
    while (handled < i) rt::yield();
  }
  r.write("x");
  reader.join();
  signal(SIGUSR1, SIG_DFL);
}
