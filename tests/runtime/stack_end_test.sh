#!/bin/sh
# stack_end_test.sh EXPECT STACK_PROBE: a stack's end stops the program, with both kinds of guard; where there
# is no room for another stack its maker hears so.
set -eu
expect=$1 probe=$2

for guard in 1 0; do
  for pages in 0 1 2 3 4; do
    "$expect" --rlimit-core 0 --env RT0_DEBUG=guard=$guard --status 2 --stdout-is "" \
      --stderr-has "stack overflow" -- "$probe" guard $pages
  done
  "$expect" --rlimit-core 0 --env RT0_DEBUG=guard=$guard --env RT0_THREAD_STACK=262144 --status 2 \
    --stderr-has "stack overflow" -- "$probe" overflow
done

# vm.max_map_count: mprotect's guards need a mapping each.
[ "$(cat /proc/sys/vm/max_map_count)" -gt 200000 ] ||
  "$expect" --env RT0_DEBUG=guard=0 --stdout-has "errno ENOMEM" -- "$probe" until-refused 16

# RLIMIT_AS: 8 MiB stacks in less and less room, down to single ones.
gib=$((1024 * 1024 * 1024))
for class in 16 23; do
  "$expect" --rlimit-as $gib --stdout-has "errno ENOMEM" -- "$probe" until-refused $class
done
"$expect" --rlimit-as $((3 * gib / 2)) --stdout-has "slots 1 errno ENOMEM" -- "$probe" until-refused 30

"$expect" -- "$probe" locked

"$expect" --stdout-has "parked 100000" -- "$probe" parked 100000
