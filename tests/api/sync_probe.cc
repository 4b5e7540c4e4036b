// sync_probe HOW: misuse of <rt/sync.h>, for sync_end_test.sh.
#include <rt/sync.h>

#include <cstdio>
#include <cstring>
#include <mutex>
#include <shared_mutex>

int main(int argc, char** argv) {
  const char* how = argc > 1 ? argv[1] : "";
  if (std::strcmp(how, "unlock") == 0) {
    rt::mutex m;
    m.lock();
    m.unlock();
    m.unlock();
  } else if (std::strcmp(how, "unlock-shared") == 0) {
    rt::shared_mutex m;
    m.unlock_shared();
  } else if (std::strcmp(how, "unlock-exclusive") == 0) {
    rt::shared_mutex m;
    m.lock_shared();
    m.unlock();
  } else if (std::strcmp(how, "group") == 0) {
    rt::wait_group group;
    group.add(1);
    group.done();
    group.done();
  } else if (std::strcmp(how, "semaphore") == 0) {
    rt::binary_semaphore one(0);
    one.release();
    one.release();
  } else if (std::strcmp(how, "semaphore-negative") == 0) {
    rt::counting_semaphore<> some(3);
    some.release(-1);
  } else if (std::strcmp(how, "deadlock") == 0) {
    rt::mutex m;
    rt::shared_mutex s;
    rt::wait_group group;
    rt::counting_semaphore<> none(0);
    m.lock();
    s.lock();
    group.add(1);
    rt::go([&] { m.lock(); });
    rt::go([&] { s.lock_shared(); });
    rt::go([&] { none.acquire(); });
    group.wait();
  } else {
    return std::fprintf(stderr,
                        "usage: sync_probe unlock|unlock-shared|unlock-exclusive|group|semaphore|"
                        "semaphore-negative|deadlock\n"),
           100;
  }
  std::puts("not seen");
}
