// Renames what runtime/libc/malloc.cc defines, so that a hosted test has glibc's malloc for itself and ours
// to test: compile malloc.cc with -include this file.
#pragma once
#include <cstdlib>  // before its names are others

#define malloc rt0_test_malloc
#define free rt0_test_free
#define calloc rt0_test_calloc
#define realloc rt0_test_realloc
#define reallocarray rt0_test_reallocarray
#define memalign rt0_test_memalign
#define aligned_alloc rt0_test_aligned_alloc
#define posix_memalign rt0_test_posix_memalign
#define valloc rt0_test_valloc
#define pvalloc rt0_test_pvalloc
#define malloc_usable_size rt0_test_malloc_usable_size
#define __libc_malloc rt0_test_libc_malloc
#define __libc_calloc rt0_test_libc_calloc
#define __libc_realloc rt0_test_libc_realloc
#define __libc_free rt0_test_libc_free
