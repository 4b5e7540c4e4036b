#!/bin/sh
# idle_test.sh CROWD_PROBE: a program whose threads all wait runs on no CPU: not one of its kernel threads is
# switched to in five seconds. Only for programs on rt0.
#
# Stacks that lie idle are given back in the first 15 seconds by a few wake-ups, so one program runs without
# that and the other is looked at when it is over.
set -eu
probe=$1
work=$(mktemp -d)
trap 'kill $quiet $used 2>/dev/null || :; rm -rf "$work"' EXIT

# switches PID: the context switches of all its kernel threads.
switches() { cat /proc/"$1"/task/*/status | awk '/ctxt_switches:/ { n += $2 } END { print n }'; }
threads() { ls /proc/"$1"/task | wc -l; }

# rests PID WHAT: for five seconds.
rests() {
  before=$(switches "$1") kernel_threads=$(threads "$1")
  sleep 5
  after=$(switches "$1")
  if [ "$before" != "$after" ] || [ "$kernel_threads" -lt 2 ]; then
    echo "$2: $before switches of $kernel_threads kernel threads before, $after after five seconds" >&2
    exit 1
  fi
}

RT0_DEBUG=idlepages=0 "$probe" idle 8 >"$work/quiet" &
quiet=$!
"$probe" used-idle 27 >"$work/used" &
used=$!
sleep 1
rests $quiet "without idle pages"
wait $quiet
sleep 12
rests $used "after the idle period"
wait $used
[ "$(cat "$work/quiet")$(cat "$work/used")" = idleidle ]
