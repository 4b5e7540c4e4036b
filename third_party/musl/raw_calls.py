"""Which system calls rt0's copy of musl still makes by itself: raw_calls.py LIBC.A RAW_CALLS.TXT

A bare `syscall` instruction keeps the P for as long as the kernel takes, so every one that is left in the
archive must stand in the list, with its reason; and a line of the list that nothing needs any more is an error too. A
call's number is the constant that its block moved into eax last; one that is computed is listed as "?".
"""
import re
import subprocess
import sys

HEADER = "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"
MEMBER = re.compile(r"^(\S+):\s+file format")
CONSTANT = re.compile(r"\bmov\s+\$0x([0-9a-f]+),%[er]ax$")
ZERO = re.compile(r"\bxor\s+%eax,%eax$")
OTHER = re.compile(r"\b(?!cmp|test|syscall|jmp|push)[a-z]+\s.*,%[er]ax$")
SYSCALL = re.compile(r"\bsyscall\s*$")


def call_names():
    lines = open(HEADER).read().splitlines()
    found = (re.match(r"#define __NR_(\w+) (\d+)$", line) for line in lines)
    return {int(match[2]): match[1] for match in found if match}


def bare_calls(libc):
    """{(member, call)} of every syscall instruction in the archive."""
    options = ["objdump", "-d", "--no-show-raw-insn", libc]
    text = subprocess.run(options, check=True, capture_output=True, text=True).stdout
    names, calls, member, number = call_names(), set(), "", None
    for line in text.splitlines():
        if match := MEMBER.match(line):
            member = match[1]
        elif not line.startswith(" "):
            number = None  # another function
        elif match := CONSTANT.search(line):
            number = int(match[1], 16)
        elif ZERO.search(line):
            number = 0
        elif OTHER.search(line):
            number = None
        elif SYSCALL.search(line):
            calls.add((member, names.get(number, "?")))
            number = None
    return calls


def allowed_calls(path):
    """The list: calls that no member may be blamed for, and {(member, call)}."""
    anywhere, here = set(), set()
    for line in open(path):
        words = line.split("#", 1)[0].split()
        if words and words[0] == "*":
            anywhere.update(words[1:])
        elif words:
            here.update((words[0], call) for call in words[1:])
    return anywhere, here


def main(libc, path):
    calls = bare_calls(libc)
    anywhere, here = allowed_calls(path)
    unlisted = {(member, call) for member, call in calls if call not in anywhere} - here
    for member, call in sorted(unlisted):
        print(f"{member} makes {call} by a bare instruction, which keeps the P")
    stale = (here - calls) | {("*", call) for call in anywhere - {call for _, call in calls}}
    for member, call in sorted(stale):
        print(f"raw_calls.txt: {member} {call} is not there any more")
    print(f"{len(calls)} bare calls, {len(unlisted)} of them unlisted")
    sys.exit(1 if unlisted or stale or not calls else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
