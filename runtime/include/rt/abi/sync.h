// What <rt/sync.h> calls in the runtime: waits for words of memory. Not for programs, and not kept stable for
// them.
#pragma once
#include <cstdint>

#include "rt/abi/wait.h"

extern "C" {

// A lock's word: 0 free, 1 held, 2 held and perhaps waited for. deadline_ns is a time of CLOCK_MONOTONIC,
// the maximum: none.
//
// Parks until the word is held by the caller. False: the deadline passed.
bool rt0_lock_wait(std::uint32_t* word, std::int64_t deadline_ns);
// The end of a holding that 1 -> 0 did not end. A free word is misuse, and fatal.
void rt0_lock_release(std::uint32_t* word);

// Parks while *word == expected, until rt0_word_wake, the deadline (false), or for nothing.
enum rt0_word_kind : int {
  rt0_word_condition,
  rt0_word_read,
  rt0_word_write,
  rt0_word_semaphore,
  rt0_word_group,
  rt0_word_sleep
};
bool rt0_word_wait(const std::uint32_t* word, std::uint32_t expected, std::int64_t deadline_ns,
                   rt0_word_kind kind);
// The same; the hooks' cancellation ends it too, as if for nothing.
bool rt0_word_wait_stoppable(const std::uint32_t* word, std::uint32_t expected, std::int64_t deadline_ns,
                             rt0_word_kind kind, const rt0_wait_hooks* hooks);
// Wakes so many that wait for the address; nothing at it is touched.
void rt0_word_wake(const void* word, int count);

// What is done once: a word, 0 not yet, 2 done, else the runtime's. True: it is the caller's to do, and to
// end. False: it is done. Parks while another does it.
bool rt0_once_begin(std::uint32_t* word);
void rt0_once_end(std::uint32_t* word, bool done);

// "fatal error: <what>", exit status 2.
[[noreturn]] void rt0_sync_misuse(const char* what);
}
