// The central heap: spans of equal small blocks and runs of pages, under the heap's one lock. What P's caches
// are filled from and drained to, a batch at a time, and what serves those who have no cache.
//
// An empty span goes back to its chunk unless it is the last of its class with room: a program that allocates
// and frees one block does not carve a span each time. So at most one empty span a class stays, 1.6 MiB of
// addresses in all, and none holds a chunk back (page_heap.h: resting spans). They go when the heap is idle
// (idle.h).
//
// Rejected: a lock for each class. What is carved and given back passes here once a batch, and once in many
// batches where the exchange (cache.h) has some; and a chunk that is dropped takes resting spans of all
// classes with it.
//
// Every function: any stack of any M, holding no lock of rank heap or beyond; never parks.
#pragma once
#include <cstddef>

#include "runtime/mem/cache.h"
#include "runtime/mem/chunk.h"

namespace rt0 {

// A block and how many of its bytes, from the start, may not be zero. nullptr: out of memory.
struct grant {
  void* at;
  std::size_t dirty_bytes;
};

grant central_alloc(unsigned size_class) noexcept;
// One that is out; a block that is not is a double free.
void central_free(block_ref) noexcept;
// Up to n blocks, linked to nothing; 0: out of memory.
unsigned central_take(unsigned size_class, free_block** to, unsigned n) noexcept;
// A list of sealed blocks.
void central_give(free_block* list) noexcept;

// A run of pages that is one block. Precondition: bytes <= medium_limit_bytes, align_pages <=
// max_run_align_pages.
grant medium_alloc(std::size_t bytes, unsigned align_pages) noexcept;
void medium_free(span*) noexcept;
// In place, or false. Precondition: 0 < bytes <= medium_limit_bytes.
bool medium_resize(span*, std::size_t bytes) noexcept;

struct central_figures {
  std::size_t mapped_bytes;  // its chunks
  std::size_t in_use_bytes;  // blocks that are out
};
central_figures central_measure() noexcept;

// A round of returning pages that lie idle: those that were free a round ago, or all. all: the empty spans
// and the spare chunk are given up too. True: something went.
bool central_return_idle(bool all) noexcept;

void central_lock() noexcept;
void central_unlock() noexcept;

}  // namespace rt0
