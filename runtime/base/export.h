// Everything in the core is hidden and made local; these names are what users' programs, musl and libstdc++
// link against.
#pragma once

#define RT0_EXPORT extern "C" __attribute__((visibility("default")))
// A program may bring its own (jemalloc, mimalloc): ours gives way.
#define RT0_EXPORT_WEAK extern "C" __attribute__((visibility("default"), weak))
