#!/usr/bin/env python3
"""graphs.py OUT.cc [SEED]: writes a program of random call graphs that checks its own tracebacks.

A graph is a chain of calls through functions with frames of random sizes: called directly, by a pointer,
virtually, through std::function, std::sort, qsort, std::call_once, or inside a catch block. Each function
records its name. At the end the chain asks for its own stack, parks, spins, sleeps, or waits for a lock,
while main asks for everybody's; the names in the text must be those recorded.
"""
import random
import sys

GRAPHS, FUNCTIONS = 200, 60
WAYS = ["direct", "pointer", "virtual", "function", "sort", "qsort", "once", "catch", "lambda"]

HEAD = '''// Written by graphs.py.
#include "tests/failure/graphs.h"

'''


def function(n, rng):
    callees = sorted(rng.sample(range(n + 1, FUNCTIONS), min(3, FUNCTIONS - n - 1)))
    size = rng.choice([0, 8, 40, 200, 1000, 4000])
    frame = f"  volatile char room[{size}];\n  room[0] = 1;\n" if size else ""
    out = f"FUNCTION f_{n}(chain& c) {{\n{frame}  const record here(c, \"f_{n}\");\n"
    if callees:
        out += "  if (c.left-- > 0) {\n    switch (c.next() % 3) {\n"
        for i in range(3):
            callee = callees[i % len(callees)]
            way = rng.choice(WAYS)
            label = "default" if i == 2 else f"case {i}"
            out += f"      {label}: call_{way}<f_{callee}>(c); break;\n"
        out += "    }\n  } else {\n    c.end();\n  }\n"
    else:
        out += "  c.end();\n"
    return out + "}\n"


def main():
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    with open(sys.argv[1], "w", encoding="utf-8") as f:
        f.write(HEAD)
        for n in reversed(range(FUNCTIONS)):
            f.write(function(n, rng))
        firsts = ', '.join(f'f_{n}' for n in range(12))
        f.write(f"\nint main() {{ return run_graphs<{firsts}>({GRAPHS}); }}\n")


if __name__ == "__main__":
    main()
