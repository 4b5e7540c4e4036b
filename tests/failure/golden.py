#!/usr/bin/env python3
"""golden.py PROBE FOLDER [--update] [NAME...]: runs the probe in each way that FOLDER has a NAME.txt of.

The first line of a NAME.txt says how: `# HOW [KEY=VALUE...] ends N` or `... dies SIGNAL`. The rest is what
the program must write to stderr, where what differs from run to run, or with every edit of the runtime, is
made equal first (see `normal`). --update writes what it finds: to be read before it is believed.
"""
import difflib
import os
import re
import resource
import signal
import subprocess
import sys


INNER = r"std::|__invoke|__gthread|_M_|operator\(\)|gnu_cxx|rt::detail|execute_native|__cxx|_Iter"


SOURCES = ["failure_probe", "go_crashes"]


def normal(text, source):
    """Addresses, offsets and the runtime's line numbers become ?, the probe's the line itself."""
    lines, out = text.split("\n"), []
    i = 0
    while i < len(lines):
        place = lines[i + 1] if i + 1 < len(lines) and lines[i + 1].startswith("\t") else None
        library = place is not None and re.match(r"\t(/usr/include/|0x)", place)
        if library and re.search(INNER, lines[i]) and not lines[i].startswith("created by"):
            i += 2
            continue
        line = re.sub(r"0x[0-9a-f]+", "0x?", lines[i])
        line = re.sub(r"((?:\./)?(?:runtime|rt0|bazel-out)/\S+?):\d+", r"\1:?", line)
        line = re.sub(r"\t\S*/include/rt/", "\trt/", line)
        line = re.sub(r"\t/usr/include/c\+\+/\d+/", "\tstd/", line)
        line = re.sub(r"(rt|std)/(\S+):\d+", r"\1/\2:?", line)
        line = re.sub(r"(%s)\.cc:(\d+)" % "|".join(SOURCES),
                      lambda m: f"{m[1]}.cc: {source[m[1]][int(m[2]) - 1].strip()}", line)
        if lines[i - 1] == "endless(...)":  # which of its lines was the last that had room
            line = "\tanywhere in it"
        line = re.sub(r"^\.\.\.\d+ frames", "...? frames", line)
        line = re.sub(r" m=\d+ ", " m=? ", line)
        line = re.sub(r"^(r[a-z0-9]+) +0x\?$", r"\1", line)
        out.append(line)
        i += 1
    return "\n".join(out).replace("\n".join(REGISTERS), "(registers)")


REGISTERS = ("rax rbx rcx rdx rdi rsi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip").split()


def run(probe, first, source):
    words = first[1:].split()
    how, settings, word, end = words[0], words[1:-2], words[-2], words[-1]
    env = dict(os.environ, **dict(s.split("=", 1) for s in settings))
    env.pop("RT0_SEED", None)
    done = subprocess.run([probe, how], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          timeout=50, check=False)
    wanted = int(end) if word == "ends" else -getattr(signal, end)
    return done.returncode == wanted, done.returncode, normal(done.stderr.decode(errors="replace"), source)


def main():
    args = [a for a in sys.argv[1:] if a != "--update"]
    probe, folder, names = args[0], args[1], args[2:]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_STACK, (8 << 20, resource.getrlimit(resource.RLIMIT_STACK)[1]))
    source = {}
    for name in SOURCES:
        with open(os.path.join(folder, "..", name + ".cc"), encoding="utf-8") as f:
            source[name] = f.read().split("\n")
    bad = 0
    for file in sorted(os.listdir(folder)):
        if not file.endswith(".txt") or (names and file[:-4] not in names):
            continue
        path = os.path.join(folder, file)
        with open(path, encoding="utf-8") as f:
            first, _, wanted = f.read().partition("\n")
        ended, code, said = run(probe, first, source)
        if "--update" in sys.argv:
            with open(path, "w", encoding="utf-8") as f:
                f.write(first + "\n" + said)
        if not ended or (said != wanted and "--update" not in sys.argv):
            bad += 1
            print(f"=== {file}: {first}\nended with {code}")
            diff = difflib.unified_diff(wanted.split("\n"), said.split("\n"), "wanted", "said", n=5)
            print("\n".join(diff))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
