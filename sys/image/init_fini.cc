// Constructors and destructors of the image, by the linker's bounds.
#include "sys/image/image.h"

extern "C" {
using rt0_init = void (*)(int, char**, char**);
using rt0_fini = void (*)();
[[gnu::visibility("hidden")]] extern const rt0_init __preinit_array_start[], __preinit_array_end[];
[[gnu::visibility("hidden")]] extern const rt0_init __init_array_start[], __init_array_end[];
[[gnu::visibility("hidden")]] extern const rt0_fini __fini_array_start[], __fini_array_end[];
}

namespace rt0::sys::image {

void run_init_array(int argc, char** argv, char** envp) {
  for (const rt0_init* f = __preinit_array_start; f < __preinit_array_end; f++) (*f)(argc, argv, envp);
  for (const rt0_init* f = __init_array_start; f < __init_array_end; f++) (*f)(argc, argv, envp);
}

// Where the array is now: a destructor that calls exit() goes on with the ones before it.
static constinit long fini_done = 0;

void run_fini_array() {
  const long count = __fini_array_end - __fini_array_start;
  while (fini_done < count) __fini_array_start[count - ++fini_done]();
}

}  // namespace rt0::sys::image
