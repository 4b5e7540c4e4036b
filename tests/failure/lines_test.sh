#!/bin/sh
# lines_test.sh EXPECT FAILURE_PROBE: lines from the program's own DWARF, or from what was split from it;
# where neither can be read, names or addresses. That there are lines also tells that libbacktrace's insides
# are what runtime/unwind/libbacktrace.h says.
set -eu
expect=$1 probe=$2
work=$(mktemp -d)
SIGSEGV=11
dies() {
  program=$1
  shift
  "$expect" --rlimit-core 0 --timeout 30 --signal $SIGSEGV "$@" -- "$program" null
}
tab=$(printf '\t')
lines="${tab}tests/failure/failure_probe.cc:"
with_lines() { dies "$1" --stderr-has "\ncrash(...)\n$lines" --stderr-has "\nmain(...)\n$lines"; }
only_names() {
  dies "$1" --stderr-lacks "$lines" --stderr-has "crash()\n${tab}0x" --stderr-has "\nmain(...)\n${tab}0x"
}
only_places() { dies "$1" --stderr-has "goroutine 1 [running]:\n??(...)\n${tab}0x"; }

with_lines "$probe"

# Compressed, as by -gz.
objcopy --compress-debug-sections=zlib "$probe" "$work/compressed"
only_names "$work/compressed"

# Split from it: beside it, or where distributions put it.
id=$(readelf -n "$probe" | sed -n 's/.*Build ID: //p')
rest=${id#??}
installed=/usr/lib/debug/.build-id/${id%"$rest"}/$rest.debug
trap 'rm -rf "$work" "$installed"' EXIT
objcopy --only-keep-debug "$probe" "$work/probe.debug"
strip -o "$work/stripped" "$probe"
objcopy --add-gnu-debuglink="$work/probe.debug" "$work/stripped" "$work/linked"
only_places "$work/stripped"
with_lines "$work/linked"
mkdir -p "${installed%/*}"
cp "$work/probe.debug" "$installed"
with_lines "$work/stripped"
rm "$installed"
rmdir "${installed%/*}" "${installed%/*/*}" 2>/dev/null || true

# Another program's, by that name; and none at all.
objcopy --update-section .note.gnu.build-id=/dev/null "$work/probe.debug" 2>/dev/null ||
  objcopy --remove-section .note.gnu.build-id "$work/probe.debug"
only_places "$work/linked"
rm "$work/probe.debug"
only_places "$work/linked"
objcopy --compress-debug-sections=zlib --only-keep-debug "$probe" "$work/probe.debug"
only_names "$work/linked"
