// Asks for one thread function that rt0 does not have: links_test.sh wants the linker to name it.
#include <pthread.h>

int main() { return pthread_cancel(pthread_self()); }
