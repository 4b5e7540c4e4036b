// Channels and countdowns of a runtime that has mutexes and condition variables only.
#pragma once
#include <deque>
#include <memory>
#include <mutex>

namespace bench {

// A capacity of 0 counts as 1: there is no hand-over, which favours the peer.
template <class Mutex, class Condition>
class channel_by_conditions {
 public:
  explicit channel_by_conditions(std::size_t capacity) : at_(std::make_shared<state>()) {
    at_->capacity = capacity == 0 ? 1 : capacity;
  }

  void send(long v) const {
    std::unique_lock hold(at_->lock);
    at_->may_send.wait(hold, [&] { return at_->queue.size() < at_->capacity; });
    at_->queue.push_back(v);
    at_->may_receive.notify_one();
  }
  long recv() const {
    std::unique_lock hold(at_->lock);
    at_->may_receive.wait(hold, [&] { return !at_->queue.empty(); });
    const long v = at_->queue.front();
    at_->queue.pop_front();
    at_->may_send.notify_one();
    return v;
  }

 private:
  struct state {
    Mutex lock;
    Condition may_send, may_receive;
    std::deque<long> queue;
    std::size_t capacity;
  };
  std::shared_ptr<state> at_;
};

template <class Mutex, class Condition>
class countdown_by_conditions {
 public:
  explicit countdown_by_conditions(long n) : at_(std::make_shared<state>()) { at_->left = n; }

  void done() {
    const std::shared_ptr<state> at = at_;  // the waiter may be gone before notify_all returns
    const std::lock_guard hold(at->lock);
    if (--at->left == 0) at->zero.notify_all();
  }
  void wait() {
    std::unique_lock hold(at_->lock);
    at_->zero.wait(hold, [&] { return at_->left == 0; });
  }

 private:
  struct state {
    Mutex lock;
    Condition zero;
    long left = 0;
  };
  std::shared_ptr<state> at_;
};

}  // namespace bench
