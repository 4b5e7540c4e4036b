// values_probe: data of known values, in a program that says "ready" and waits. values_test.cc has what
// each is to be read as.
#include <rt/chan.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace zoo {

enum colour { red, green = 5, blue };
enum class state : unsigned char { idle, busy };
enum flags { readable = 1, writable = 2, hidden = 8 };

struct point {
  int x, y;
};
struct named {
  const char* name;
  int id;
};
struct animal : point, named {
  double weight;
  unsigned legs : 4;
  int mood : 3;
  bool tame : 1;
  union {
    int whole;
    unsigned char parts[4];
  };
  point* home;

  [[gnu::noinline]] int visit(int times);
  static int born;
};
struct root {
  virtual ~root() = default;
  int r = 1;
};
struct left : virtual root {
  int l = 2;
};
template <class T>
struct box {
  T held;
  static T shared;
};
template <class T>
T box<T>::shared = T{17};
template struct box<int>;

int animal::born = 3;
int count = -42;
std::uint64_t big = 0xffffffffffffffff;
const char* text = "hello\n\"world\"";
char letters[8] = "abc";
char zeros[16] = "x";
int row[5] = {1, 2, 3, 4, 5};
int many[300];
int grid[2][3] = {{1, 2, 3}, {4, 5, 6}};
float single = 1.5f;
double real = 3.25;
long double wide = 2.125L;
__int128 huge = -(static_cast<__int128>(1) << 100);
bool yes = true;
char letter = 'a';
signed char newline = '\n';
colour paint = green;
state now = state::busy;
flags both = static_cast<flags>(readable | hidden);
flags odd = static_cast<flags>(writable | 0x10);
point origin = {3, 4};
point* where = &origin;
point** whereto = &where;
point& dropped = origin;  // by the linker: nobody uses it
int point::*coordinate = &point::y;
int (animal::*method)(int) = &animal::visit;
animal dog = {{1, 2}, {"rex", 7}, 31.5, 4, -2, true, {0x01020304}, &origin};
left virtually;
void* nothing = nullptr;
int* wild = reinterpret_cast<int*>(0x10);
thread_local int per_thread = 99;
thread_local char per_thread_text[40] = "tls";

[[gnu::noinline]] int twice(int n) { return 2 * n; }
[[gnu::noinline]] double twice(double n) { return 2 * n; }
int (*function)(int) = &twice;

std::string word = "a word";
std::string long_word(300, 'z');
std::string_view view = "a view";
std::vector<int> numbers = {10, 20, 30};
std::vector<std::string> words = {"one", "two"};
std::vector<bool> bits = {true, false, true};
std::vector<int> none;
std::array<int, 3> fixed = {7, 8, 9};
std::optional<int> some = 5, without;
std::unique_ptr<point> owned = std::make_unique<point>(point{5, 6});
std::shared_ptr<int> shared = std::make_shared<int>(11);
std::map<int, std::string> map = {{2, "two"}, {1, "one"}};
std::set<int> set = {3, 1, 2};
std::unordered_map<int, int> table = {{1, 100}};
std::list<int> list = {4, 5};
std::deque<int> deque = {6, 7, 8};
std::tuple<int, char> tuple = {1, 'b'};
std::pair<int, bool> pair = {1, true};
std::atomic<int> counter = 12;
std::atomic<bool> flag = true;
std::mutex lock, free_lock;
rt::chan<int> channel(3);

[[gnu::noinline]] void wait_here() {
  std::printf("ready\n");
  std::fflush(stdout);
  char c;
  while (read(0, &c, 1) == 1) {
  }
}

// A reference that is used.
[[gnu::noinline]] point& same_as(point& one) {
  asm volatile("" : "+r"(one.x));
  return one;
}
point& same = same_as(origin);

int animal::visit(int times) {
  int result = times + x;
  wait_here();
  return result + static_cast<int>(weight);
}

// Its second argument is not needed any more when it waits: its caller's word remains.
[[gnu::noinline]] int arguments(int kept, long gone, const point& place, point by_value) {
  int local = kept * 2;
  {
    int local = kept + 1;
    asm volatile("" : "+r"(local));
    std::string inner = "inside";
    asm volatile("" ::"r"(&inner) : "memory");
    dog.weight += dog.visit(local);
    asm volatile("" ::"r"(local));
  }
  return local + place.x + by_value.y + (gone == 0 ? 1 : 0);
}

[[gnu::always_inline]] inline int inlined(int depth) {
  int inside = depth * 10;
  asm volatile("" : "+r"(inside));
  const int result = arguments(depth, 77, origin, point{8, 9});
  asm volatile("" ::"r"(inside));
  return result + inside;
}

}  // namespace zoo

namespace {
int hidden_number = 1234;
}

int main() {
  asm volatile("" ::"r"(&hidden_number) : "memory");
  // What is in sections of their own, which the linker drops if nobody uses them.
  asm volatile("" ::"r"(&zoo::text), "r"(&zoo::box<int>::shared), "r"(&zoo::view) : "memory");
  zoo::lock.lock();
  zoo::channel.send(1);
  zoo::channel.send(2);
  zoo::per_thread++;
  zoo::per_thread_text[0] = 'T';
  zoo::many[299] = zoo::twice(1) + static_cast<int>(zoo::twice(1.0)) - 3;
  const int result = zoo::inlined(21);
  zoo::lock.unlock();
  return result == 0 ? 1 : 0;
}
