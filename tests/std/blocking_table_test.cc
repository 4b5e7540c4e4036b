// Calls that wait in the kernel leave the others running, on one P as well: here each is ended by another
// thread, which had to run a thousand times before. The runtime takes none of them for a place where a
// goroutine could park.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr int pipe_bytes = 4096;

// waits() returns only after end(), which another thread calls when it has had a thousand turns.
template <class Waits, class End>
void others_run_during(Waits waits, End end) {
  std::atomic<bool> about_to{false};
  std::thread other([&] {
    while (!about_to) sched_yield();
    for (int i = 0; i < 1000; i++) sched_yield();
    end();
  });
  about_to = true;
  waits();
  other.join();
}

struct temp_file {
  char name[64] = "/tmp/rt0-table-XXXXXX";
  int fd = mkstemp(name);
  ~temp_file() {
    close(fd);
    unlink(name);
  }
};

struct small_pipe {
  int fds[2];
  small_pipe() {
    REQUIRE(pipe(fds) == 0);
    REQUIRE(fcntl(fds[1], F_SETPIPE_SZ, pipe_bytes) == pipe_bytes);
  }
  ~small_pipe() {
    close(fds[0]);
    close(fds[1]);
  }
  void fill() {
    const std::string text(pipe_bytes, 'f');
    REQUIRE(write(fds[1], text.data(), text.size()) == pipe_bytes);
  }
  void drain() {
    char text[pipe_bytes];
    REQUIRE(read(fds[0], text, sizeof text) > 0);
  }
};

}  // namespace

TEST_CASE("flock") {
  temp_file file;
  const int held = open(file.name, O_RDWR);
  REQUIRE(flock(held, LOCK_EX) == 0);
  CHECK(flock(file.fd, LOCK_EX | LOCK_NB) == -1);
  CHECK(errno == EWOULDBLOCK);
  others_run_during([&] { CHECK(flock(file.fd, LOCK_EX) == 0); }, [&] { flock(held, LOCK_UN); });
  others_run_during([&] { CHECK(syscall(SYS_flock, held, LOCK_EX) == 0); }, [&] { flock(file.fd, LOCK_UN); });
  close(held);
}

TEST_CASE("fcntl's lock of an open file") {
  temp_file file;
  const int held = open(file.name, O_RDWR);
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  REQUIRE(fcntl(held, F_OFD_SETLK, &lock) == 0);
  others_run_during([&] { CHECK(fcntl(file.fd, F_OFD_SETLKW, &lock) == 0); }, [&] { close(held); });
}

TEST_CASE("semop, and semtimedop's time") {
  const int id = semget(IPC_PRIVATE, 1, 0600);
  REQUIRE(id >= 0);
  sembuf down = {0, -1, 0}, up = {0, 1, 0};
  others_run_during([&] { CHECK(semop(id, &down, 1) == 0); }, [&] { semop(id, &up, 1); });
  others_run_during([&] { CHECK(semtimedop(id, &down, 1, nullptr) == 0); }, [&] { semop(id, &up, 1); });
  const timespec time = {0, 20'000'000};
  CHECK(semtimedop(id, &down, 1, &time) == -1);
  CHECK(errno == EAGAIN);
  CHECK(time.tv_nsec == 20'000'000);
  semctl(id, 0, IPC_RMID);
}

TEST_CASE("msgrcv and msgsnd") {
  struct message {
    long type;
    char text[1024];
  } out = {1, "hello"}, in;
  const int id = msgget(IPC_PRIVATE, 0600);
  REQUIRE(id >= 0);
  others_run_during([&] { CHECK(msgrcv(id, &in, sizeof in.text, 0, 0) == sizeof in.text); },
                    [&] { msgsnd(id, &out, sizeof out.text, 0); });
  CHECK(strcmp(in.text, "hello") == 0);
  while (msgsnd(id, &out, sizeof out.text, IPC_NOWAIT) == 0) {
  }
  CHECK(errno == EAGAIN);
  others_run_during([&] { CHECK(msgsnd(id, &out, sizeof out.text, 0) == 0); },
                    [&] { msgrcv(id, &in, sizeof in.text, 0, 0); });
  msgctl(id, IPC_RMID, nullptr);
}

TEST_CASE("sendfile to a full socket") {
  temp_file file;
  const std::string text(1 << 20, 's');
  REQUIRE(write(file.fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  std::size_t sent = 0, got = 0;
  std::thread reader;
  others_run_during(
      [&] {
        for (off_t at = 0; at < static_cast<off_t>(text.size());) {
          const ssize_t n = sendfile(ends[0], file.fd, &at, text.size() - static_cast<std::size_t>(at));
          if (n <= 0) break;
          sent += static_cast<std::size_t>(n);
        }
        shutdown(ends[0], SHUT_WR);
      },
      [&] {
        reader = std::thread([&] {
          std::vector<char> part(65536);
          for (ssize_t n; (n = read(ends[1], part.data(), part.size())) > 0;)
            got += static_cast<std::size_t>(n);
        });
      });
  reader.join();
  CHECK(sent == text.size());
  CHECK(got == text.size());
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("splice, tee and vmsplice") {
  small_pipe from, to;
  others_run_during([&] { CHECK(splice(from.fds[0], nullptr, to.fds[1], nullptr, pipe_bytes, 0) == 1); },
                    [&] { CHECK(write(from.fds[1], "x", 1) == 1); });
  to.drain();
  others_run_during([&] { CHECK(tee(from.fds[0], to.fds[1], pipe_bytes, 0) == 1); },
                    [&] { CHECK(write(from.fds[1], "x", 1) == 1); });
  to.drain();
  to.fill();
  char letter = 'v';
  const iovec part = {&letter, 1};
  others_run_during([&] { CHECK(vmsplice(to.fds[1], &part, 1, 0) == 1); }, [&] { to.drain(); });
}

TEST_CASE("fopen and open of a FIFO") {
  char folder[] = "/tmp/rt0-fifo-XXXXXX";
  REQUIRE(mkdtemp(folder) != nullptr);
  const std::string name = std::string(folder) + "/fifo";
  REQUIRE(mkfifo(name.c_str(), 0600) == 0);
  int writer = -1;
  FILE* reader = nullptr;
  others_run_during([&] { reader = fopen(name.c_str(), "r"); },
                    [&] { writer = open(name.c_str(), O_WRONLY); });
  REQUIRE(reader != nullptr);
  char letter = 0;
  others_run_during([&] { CHECK(fread(&letter, 1, 1, reader) == 1); },
                    [&] { CHECK(write(writer, "x", 1) == 1); });
  CHECK(letter == 'x');
  fclose(reader);
  close(writer);
  unlink(name.c_str());
  rmdir(folder);
}
