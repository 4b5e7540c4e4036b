#!/bin/sh
# thread_limits_test.sh EXPECT CROWD_PROBE: no more kernel threads to be had, by our own limit, by order or by
# the kernel's word. One clear line and status 2; no hang. Only for programs on rt0.
set -eu
expect=$1 probe=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# crowd PROCS SETTINGS OPTIONS...: 20 threads in flock().
crowd() {
  procs=$1 settings=$2
  shift 2
  "$expect" --timeout 20 --env "RT0_MAXPROCS=$procs" --env "RT0_DEBUG=$settings" "$@" -- "$probe" flock 20
}

for procs in 1 4; do
  crowd $procs "" --stdout-is "all blocked\n" --stderr-lines 0
  crowd $procs maxmcount=10 --status 2 --stdout-is "" \
    --stderr-has "runtime: program exceeds 10-thread limit\nfatal error: thread exhaustion\n"
  for nth in 1 2 3; do
    crowd $procs failclone=$nth --status 2 --stdout-is "" --stderr-lines 1 \
      --stderr-has "fatal error: newosproc: cannot make kernel thread $nth: errno 11"
  done
done

# The kernel counts an unprivileged user's threads. Root becomes a user who has none, and cannot read where
# root builds.
cp "$probe" "$work/probe"
chmod 755 "$work" "$work/probe"
as_user=""
[ "$(id -u)" != 0 ] || as_user="--uid 65534"
for limit in 1 3; do
  "$expect" --timeout 20 $as_user --rlimit-nproc $limit --env RT0_MAXPROCS=4 --status 2 --stdout-is "" \
    --stderr-has "fatal error: newosproc: cannot make kernel thread" --stderr-has "errno 11" \
    --stderr-has "RLIMIT_NPROC is $limit\n" --stderr-lines 1 -- "$work/probe" flock 20
done
