// Values for tests of channels: counted, move-only, throwing, and such whose moves take their time.
#pragma once
#include <rt/go.h>

#include <atomic>
#include <stdexcept>
#include <utility>

struct value_tally {
  std::atomic<int> moves{0}, alive{0};
};

// Move-only, counted; a move throws when the countdown `until_throw` reaches zero, and leaves the source.
class tracked {
 public:
  tracked(value_tally& t, int number) : tally_(&t), number_(number) { ++t.alive; }
  tracked(tracked&& from) : tally_(from.tally_), number_(from.number_) {
    if (until_throw > 0 && --until_throw == 0) throw std::domain_error("no move");
    ++tally_->moves;
    ++tally_->alive;
    from.number_ = -1;
  }
  tracked& operator=(tracked&& from) {
    if (until_throw > 0 && --until_throw == 0) throw std::domain_error("no assignment");
    ++tally_->moves;
    number_ = std::exchange(from.number_, -1);
    return *this;
  }
  ~tracked() { --tally_->alive; }
  int number() const { return number_; }

  static inline std::atomic<int> until_throw{0};  // 0: never

 private:
  value_tally* tally_;
  int number_;
};

// A value whose moves let other goroutines run in the middle.
struct slow {
  explicit slow(int n = 0) : number(n) {}
  slow(slow&& from) noexcept {
    for (int i = 0; i < 3; i++) rt::yield();
    number = std::exchange(from.number, -1);
  }
  slow& operator=(slow&& from) noexcept {
    rt::yield();
    number = std::exchange(from.number, -1);
    return *this;
  }
  int number;
};
