#!/bin/sh
# sync_end_test.sh EXPECT SYNC_PROBE: misuse of <rt/sync.h> ends the process with one clear line.
set -eu
expect=$1 probe=$2

fatal() {
  "$expect" --status 2 --stdout-is "" --stderr-has "fatal error: $2" -- "$probe" "$1"
}

fatal unlock "sync: unlock of unlocked mutex"
fatal unlock-shared "sync: RUnlock of unlocked RWMutex"
fatal unlock-exclusive "sync: Unlock of unlocked RWMutex"
fatal group "sync: negative WaitGroup counter"
fatal semaphore "sync: counting_semaphore::release beyond its maximum"
fatal semaphore-negative "sync: counting_semaphore::release beyond its maximum"
"$expect" --status 2 --stderr-has "all goroutines are asleep - deadlock!" --stderr-has "[wait group]:" \
  --stderr-has "[rt::mutex lock]:" --stderr-has "[rt::shared_mutex read lock]:" \
  --stderr-has "[semaphore wait]:" \
  -- "$probe" deadlock
