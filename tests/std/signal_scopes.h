// What tests of signals put in place and take back.
#pragma once
#include <doctest/doctest.h>

#include <pthread.h>
#include <signal.h>

inline sigset_t only(int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  return set;
}

// A signal blocked while it lives.
struct blocked {
  sigset_t set, before;
  explicit blocked(int signal) : set(only(signal)) {
    REQUIRE(pthread_sigmask(SIG_BLOCK, &set, &before) == 0);
  }
  ~blocked() { REQUIRE(pthread_sigmask(SIG_SETMASK, &before, nullptr) == 0); }
};
