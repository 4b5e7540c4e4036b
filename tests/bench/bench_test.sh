#!/bin/bash
# bench_test.sh RUN.PY: every bench of figures.txt still runs, and says what it should. No figure is judged.
set -euo pipefail
run=$1
here=$(dirname "$run")
state=$TEST_TMPDIR/peers

die() { echo "bench_test: $*"; exit 1; }
bench() { python3 "$run" --tiny --bin . --state "$state" "$@"; }
number='[0-9.e+-]+'

# The list names what the programs have, and nothing else.
for program in tasks chans threads files heap; do
  listed=$(awk -v p=$program '$2 == p { print $1 }' "$here/figures.txt")
  diff <(echo "$listed") <("./tests/bench/micro/$program" --list)
  status=0
  "./tests/bench/micro/$program" frob 2>/dev/null || status=$?
  [ "$status" = 2 ] || die "$program frob: status $status"
done

bench >"$TEST_TMPDIR/alone"
cat "$TEST_TMPDIR/alone"
awk '!/^#/ && NF { print $1 }' "$here/figures.txt" | while read -r name; do
  grep -qE "^$name -?$number (ns|ms|us|B)$" "$TEST_TMPDIR/alone" || die "no line of $name"
done
[ "$(bench mutex2 | wc -l)" = 1 ] || die "mutex2 alone is not one line"

# A peer that is not there is named, and the rows are printed without it.
export RT0_GO=/no/such/go RT0_CARGO=/no/such/cargo RT0_BOOST=/no/such/header
bench --peers >"$TEST_TMPDIR/rows" 2>"$TEST_TMPDIR/err"
cat "$TEST_TMPDIR/rows" "$TEST_TMPDIR/err"
for peer in go tokio boost; do
  [ "$(grep -c "peer $peer is not installed" "$TEST_TMPDIR/err")" = 1 ] ||
    die "does not name once that $peer is missing"
done
for procs in 1 2; do
  grep -qE "^yield_pair/$procs $number - - 0.5$" "$TEST_TMPDIR/rows" || die "no row of yield_pair/$procs"
  grep -qE "^yield_pair/$procs:std::thread $number $number $number -$" "$TEST_TMPDIR/rows" ||
    die "no row of yield_pair/$procs:std::thread"
  grep -qE "^http_cpu_c64/$procs:epoll $number $number $number -$" "$TEST_TMPDIR/rows" ||
    die "no row of http_cpu_c64/$procs:epoll"
  grep -qE "^thread_join/$procs $number $number $number 0.03$" "$TEST_TMPDIR/rows" ||
    die "no row of thread_join/$procs"
done
grep -qE "^malloc_pair/1 $number $number $number 1.3$" "$TEST_TMPDIR/rows" || die "no row of malloc_pair/1"
grep -qE "^malloc_pair/1:mimalloc $number ($number|-) ($number|-) -$" "$TEST_TMPDIR/rows" ||
  die "no row of malloc_pair/1:mimalloc"
grep -qE "^mem_pte/1 $number - - -$" "$TEST_TMPDIR/rows" || die "no row of mem_pte/1"
grep -qE "^start $number ($number|-) ($number|-) 1.35$" "$TEST_TMPDIR/rows" || die "no row of start"
