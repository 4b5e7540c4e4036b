// Clang's thread-safety attributes under short names; g++ ignores them. The clang build checks them
// (-Wthread-safety).
#pragma once

#if defined(__clang__)
#define RT0_CAPABILITY(name) __attribute__((capability(name)))
#define RT0_SCOPED_CAPABILITY __attribute__((scoped_lockable))
#define RT0_GUARDED_BY(lock) __attribute__((guarded_by(lock)))
#define RT0_REQUIRES(lock) __attribute__((requires_capability(lock)))
#define RT0_ACQUIRE(...) __attribute__((acquire_capability(__VA_ARGS__)))
#define RT0_TRY_ACQUIRE(...) __attribute__((try_acquire_capability(__VA_ARGS__)))
#define RT0_RELEASE(...) __attribute__((release_capability(__VA_ARGS__)))
#define RT0_NO_THREAD_SAFETY_ANALYSIS __attribute__((no_thread_safety_analysis))
#else
#define RT0_CAPABILITY(name)
#define RT0_SCOPED_CAPABILITY
#define RT0_GUARDED_BY(lock)
#define RT0_REQUIRES(lock)
#define RT0_ACQUIRE(...)
#define RT0_TRY_ACQUIRE(...)
#define RT0_RELEASE(...)
#define RT0_NO_THREAD_SAFETY_ANALYSIS
#endif
