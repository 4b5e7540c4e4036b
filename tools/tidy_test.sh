#!/bin/sh
# tidy_test.sh TIDY: the rules find what they must, then the whole checkout obeys them.
set -eu
tidy=$(readlink -f "$1")
python3 -B "$tidy" --self-test
python3 -B "$tidy" "$(dirname "$tidy")/.."
