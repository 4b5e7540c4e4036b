# What the tests of this folder share.

# each_setting COMMAND...: runs it with 1, 2 and 8 Ps, with and without io_uring.
each_setting() {
  local procs debug
  for debug in "" uring=0; do
    for procs in 1 2 8; do
      echo "== RT0_MAXPROCS=$procs RT0_DEBUG=$debug"
      RT0_MAXPROCS=$procs RT0_DEBUG=$debug "$@"
    done
  done
}

# start SERVER [ARGUMENTS...]: a server on a port of its own choice. Sets pid and address.
start() {
  coproc "$@"
  pid=$COPROC_PID
  exec 3<&"${COPROC[0]}"
  read -r address <&3
  port=${address##*:}
}

# It ends by SIGTERM with status 0.
stop() {
  kill -TERM "$pid"
  wait "$pid"
  exec 3<&-
}

# expect_status N COMMAND...: it ends with that, and says something on stderr.
expect_status() {
  local wanted=$1 status=0
  shift
  "$@" </dev/null 2>"$TEST_TMPDIR/stderr" >/dev/null || status=$?
  [ "$status" = "$wanted" ] || { echo "$*: status $status, not $wanted"; return 1; }
  [ -s "$TEST_TMPDIR/stderr" ] || { echo "$*: says nothing"; return 1; }
}
