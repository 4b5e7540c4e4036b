// pthread_atfork's functions.
#pragma once

namespace rt0::libc {

struct atfork;

// Calls the functions for before a fork, last registered first. Returns up to which ones there are: those
// registered from now on are not of this fork.
const atfork* run_prepare() noexcept;
// Calls those for after it, in the order in which they were registered.
void run_parent(const atfork* last) noexcept;
void run_child(const atfork* last) noexcept;

}  // namespace rt0::libc
