// check_probe HOW: a program with one fault in its use of the heap; check_test.sh knows what each must say.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

namespace {

// So that the compiler does not see through.
void* hide(void* p) {
  void* volatile at = p;
  return at;
}
char* get(std::size_t bytes) { return static_cast<char*>(hide(std::malloc(bytes))); }

// As the program would; the compiler may not drop it.
void write(char* p, std::size_t at, std::size_t count = 1) {
  for (std::size_t i = at; i < at + count; i++) static_cast<volatile char*>(p)[i] = 0x55;
}

// Gone with another thread's P, and from there perhaps to the centre.
void free_elsewhere(void* p) {
  std::thread([p] { std::free(p); }).join();
}

// Blocks of the size come and go until the freed ones are in use again.
void use_again(std::size_t bytes, int count) {
  for (int i = 0; i < count; i++) {
    void* p = get(bytes);
    std::free(get(bytes));
    std::free(p);
  }
}

// No fault: pages go from one size of blocks to another and back, with gaps that nobody wrote to.
void recycle() {
  constexpr std::size_t sizes[] = {600, 300, 600, 2000, 96, 600, 40, 300};
  for (int round = 0; round < 40; round++) {
    const std::size_t bytes = sizes[round % 8];
    std::vector<char*> all;
    for (std::size_t total = 0; total < 600'000; total += bytes) {
      all.push_back(get(bytes));
      write(all.back(), 0, bytes);
    }
    for (char* p : all) std::free(p);
  }
}

void fault(const char* how) {
  const auto is = [how](const char* name) { return std::strcmp(how, name) == 0; };
  if (is("double")) {
    char* p = get(100);
    std::free(p);
    std::free(hide(p));
  } else if (is("double-later")) {
    char *p = get(100), *q = get(100);
    std::free(p);
    std::free(q);
    std::free(hide(p));
  } else if (is("double-elsewhere")) {
    char* p = get(100);
    free_elsewhere(p);
    std::free(hide(p));
  } else if (is("double-returned")) {  // the block went back to its span
    char* p = get(20'000);
    char* others[20];
    for (char*& other : others) other = get(20'000);
    std::free(p);
    for (char* other : others) std::free(other);
    std::free(hide(p));
  } else if (is("write-after")) {
    char* p = get(100);
    std::free(p);
    write(p, 0, 16);
    use_again(100, 2000);
  } else if (is("write-after-middle")) {
    char* p = get(100);
    std::free(p);
    write(p, 50);
    use_again(100, 2000);
  } else if (is("overrun")) {
    char* p = get(100);
    write(p, 100);
    std::free(p);
  } else if (is("overrun-far")) {
    char* p = get(100);
    write(p, 0, 112);
    std::free(p);
  } else if (is("overrun-realloc")) {
    char* p = get(24);
    write(p, 25);
    std::free(std::realloc(p, 5000));
  } else if (is("inside")) {
    std::free(get(64) + 16);
  } else if (is("recycle")) {
    recycle();
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) fault(argv[1]);
  std::puts("unnoticed");
}
