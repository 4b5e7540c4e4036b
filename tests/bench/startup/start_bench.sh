#!/bin/bash
# start_bench.sh EMPTY_ON_RT0 [HELLO_ON_RT0]: start to exit of an empty main against musl's static one and
# glibc's, and sizes. Lines `name value unit`; the last ones are ratios. With LIMIT set (LIMIT=1.35) exit 1 if
# rt0 needs more than that of musl's. Needs gcc, and musl-gcc (Debian: musl-tools) for the ratio; without it
# rt0 and glibc alone. ROUNDS=500 by default. With ALONE set: rt0's figures only.
set -eu
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
rounds=${ROUNDS:-500}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

stripped_bytes() { strip -o "$work/stripped" "$1" && stat -c %s "$work/stripped"; }

gcc -O2 -static "$here/exec_median.c" -o "$work/exec_median"
strip -o "$work/rt0" "$1"
programs=("rt0=$work/rt0")
if [ -n "${ALONE:-}" ]; then
  "$work/exec_median" "$rounds" "${programs[@]}" | sed 's/ start/_start/'
  exit
fi
echo 'int main(void) { return 0; }' >"$work/empty.c"
if command -v musl-gcc >/dev/null; then
  musl-gcc -O2 -s -static "$work/empty.c" -o "$work/musl"
  programs+=("musl=$work/musl")
else
  echo "start_bench: no musl-gcc (Debian package musl-tools): not compared" >&2
fi
gcc -O2 -s -static "$work/empty.c" -o "$work/glibc_static"
gcc -O2 -s "$work/empty.c" -o "$work/glibc_dynamic"
programs+=("glibc_static=$work/glibc_static" "glibc_dynamic=$work/glibc_dynamic")

"$work/exec_median" "$rounds" "${programs[@]}" | sed 's/ start/_start/' | tee "$work/times"
echo "rt0_empty_bytes $(stripped_bytes "$1") B"
[ $# -lt 2 ] || echo "rt0_hello_bytes $(stripped_bytes "$2") B"
awk -v limit="${LIMIT:-0}" '
  { us[$1] = $2 }
  END {
    if (us["musl_start_us"]) {
      ratio = us["rt0_start_us"] / us["musl_start_us"]
      printf "rt0_start_to_musl %.3f ratio\n", ratio
    }
    printf "rt0_start_to_glibc_dynamic %.3f ratio\n", us["rt0_start_us"] / us["glibc_dynamic_start_us"]
    exit limit > 0 && ratio > limit
  }' "$work/times"
