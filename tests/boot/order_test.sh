#!/bin/sh
# order_test.sh EXPECT ORDER order.expected
set -eu
"$1" --stdout-file "$3" -- "$2"
