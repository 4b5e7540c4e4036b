#!/bin/bash
# notify_end_test.sh EXPECT NOTIFY_PROBE: who waits for a signal is not deadlocked, until the notification
# ends.
set -eu
expect=$1 probe=$2

coproc "$probe" open
pid=$COPROC_PID
exec 3<&"${COPROC[0]}"
read -r line <&3
[ "$line" = ready ]
kill -USR1 "$pid"
read -r line <&3
[ "$line" = "got 1" ]
wait "$pid"

for how in closed dropped; do
  "$expect" --status 2 --stderr-has "all goroutines are asleep - deadlock!" -- "$probe" $how
done
