#!/bin/bash
# core_needs_test RT0CORE.O LIST: the core needs exactly the names that LIST allows, one a line. What it calls
# outside rt0_text can be preempted while it holds an M, so a new name is a decision: check it, then add it.
set -euo pipefail
diff <(grep -v '^#' "$2") <(nm -u "$1" | awk '$1 == "U" {print $2}' | LC_ALL=C sort) |
  sed -n 's/^</rt0core.o no longer needs/p; s/^>/rt0core.o needs/p' | { ! grep .; }
