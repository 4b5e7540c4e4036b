"""The grammar of a SIGQUIT's report, as runtime/unwind prints it (traceback.cc, goroutines.cc, cycles.cc).

    report    "SIGQUIT: quit", "", [block], ("", block, [same])*, ("", cycle)*, ["", left out], ""
    block     "goroutine N [what, since, bound] name {labels}:", frames, [creator]
    frames    (function, place)*, "...N frames elided..." once among them; or one line that says why not
    creator   "created by F in goroutine N", place
    same      "and N more goroutines with this stack: ids", at most ten, then "..."

What it cannot say by lines is checked beside: a goroutine is shown once, its creator is another, the ids of a
group are as many as it says, goroutine 1 is there, a lock cycle is one.
"""
import os
import re

TITLE = "SIGQUIT: quit"
PLACE = re.compile(r"\t(?:\S.*:\d+|0x[0-9a-f]+)(?: \+0x[0-9a-f]+)?$")
HEADER = re.compile(r"goroutine (\d+) \[([^\],]+)(, \d+ minutes)?(, locked to thread)?\]"
                    r"(?: \".*\")?(?: \{.*\})?:$")
CREATOR = re.compile(r"created by \S.* in goroutine (\d+)$")
SAME = re.compile(r"and (\d+) more goroutines? with this stack: ([\d, ]*\d)(, \.\.\.)?$")
LEFT_OUT = re.compile(r"and (\d+) more goroutines with other stacks$")
ELIDED = re.compile(r"\.\.\.\d+ frames elided\.\.\.$")
WAITS = re.compile(r"\tgoroutine (\d+) waits for "
                   r"(?:the end of|a mutex of|an rwlock of|what is done once by) goroutine (\d+)$")
FUNCTION = re.compile(r"(?!goroutine \d|created by |and \d)\S.*\(|\?\?$")
NO_STACK = ("\tgoroutine running on other thread; stack unavailable",
            "\t(the stack or its tables cannot be read further)")
MAX_IDS, MAX_FRAMES = 10, 100


def states(wait_reasons):
    """What a goroutine may be doing; wait_reasons: the text of wait_reason.h."""
    table = wait_reasons[wait_reasons.index("wait_reason_text"):]
    return {"running", "runnable", "syscall"} | set(re.findall(r'"([^"]+)"', table))


class Malformed(Exception):
    """Which line of a report, and what is wrong with it."""


class Report:
    """One report, read from its title to its end: Malformed, or the facts that it has."""

    def __init__(self, text, known_states, has_main=True):
        self.lines, self.at, self.states = text.split("\n"), 0, known_states
        self.ids, self.goroutines, self.unavailable, self.unread, self.bare = set(), 0, 0, 0, 0
        if self.lines.pop() != "":
            self.wrong("it does not end with its line")
        self.take(TITLE)
        self.take("")
        if self.next().startswith("goroutine "):
            self.block()
        while self.at + 1 < len(self.lines):
            self.take("")
            self.part()
        self.take("")
        if self.at != len(self.lines):
            self.wrong("more behind the end")
        if has_main and 1 not in self.ids:
            self.wrong("goroutine 1 is not there")

    def wrong(self, why):
        near = self.lines[max(self.at - 3, 0):self.at + 2]
        raise Malformed(f"line {self.at + 1}: {why}\n" + "\n".join("    | " + line for line in near))

    def next(self):
        return self.lines[self.at] if self.at < len(self.lines) else "(end)"

    def take(self, wanted):
        if self.next() != wanted:
            self.wrong(f"'{wanted}' wanted")
        self.at += 1

    def match(self, pattern, what):
        found = pattern.match(self.next())
        if not found:
            self.wrong(f"no {what}")
        self.at += 1
        return found

    def seen(self, goid):
        self.goroutines += 1
        if goid == 0 or goid in self.ids:
            self.wrong(f"goroutine {goid} a second time")
        self.ids.add(goid)

    def part(self):
        if self.next() == "lock cycle:":
            self.at += 1
            self.cycle()
        elif LEFT_OUT.match(self.next()):
            self.goroutines += int(LEFT_OUT.match(self.next())[1])
            self.at += 1
        else:
            self.block()
            if SAME.match(self.next()):
                self.same()

    def block(self):
        header = self.match(HEADER, "goroutine's header")
        goid = int(header[1])
        if header[2] not in self.states:
            self.wrong(f"nobody is '{header[2]}'")
        self.seen(goid)
        self.frames()
        if CREATOR.match(self.next()):
            creator = int(self.match(CREATOR, "creator")[1])
            if creator in (0, goid):
                self.wrong(f"goroutine {goid} was created by goroutine {creator}")
            self.match(PLACE, "place of its creation")

    def frames(self):
        count = 0
        if self.next() == NO_STACK[0]:
            self.unavailable += 1
            self.at += 1
            return
        while FUNCTION.match(self.next()):
            self.at += 1
            self.match(PLACE, "place of a frame")
            count += 1
            if ELIDED.match(self.next()):
                self.at += 1
        if self.next() == NO_STACK[1]:
            self.unread += 1
            self.at += 1
        self.bare += count == 0
        if count > MAX_FRAMES * 10:  # a frame is as many places as were inlined in it
            self.wrong(f"{count} frames")

    def same(self):
        found = self.match(SAME, "group")
        ids = [int(i) for i in found[2].split(", ")]
        if len(ids) != min(int(found[1]), MAX_IDS) or bool(found[3]) != (int(found[1]) > MAX_IDS):
            self.wrong(f"{found[1]} more, but {len(ids)} ids")
        for goid in ids:
            self.seen(goid)
        self.goroutines += int(found[1]) - len(ids)

    def cycle(self):
        edges = []
        while WAITS.match(self.next()):
            edges.append(tuple(map(int, self.match(WAITS, "edge").groups())))
        around = [b for _, b in edges] == [a for a, _ in edges[1:] + edges[:1]]
        if not edges or not around or len(set(edges)) != len(edges):
            self.wrong("the lock cycle is none")


def spoiled(text):
    """What two reporters at once, or one that stops, would make of a report: none of it is one."""
    lines = text.split("\n")
    places = [i for i, line in enumerate(lines) if PLACE.match(line)]
    headers = [i for i, line in enumerate(lines) if line.startswith("goroutine ")]
    yield text[:-1]
    yield text[:len(text) // 2].rstrip("\n")
    yield text + text
    for i in places[:1] + places[-1:]:
        yield "\n".join(lines[:i] + lines[i + 1:])
        yield "\n".join(lines[:i] + lines[i - 1:])
        yield "\n".join(lines[:i] + [lines[i] + lines[i - 1]] + lines[i + 1:])
    for i in headers[-1:]:
        yield "\n".join(lines[:-1] + lines[i:])
        yield "\n".join(lines[:i] + lines[i + 1:])


def reports(text):
    """The reports in what a program wrote to stderr, and what it wrote before the first."""
    pieces = re.split(r"(?m)^(?=SIGQUIT: quit$)", text)
    return pieces[0], pieces[1:]


def known_states(runtime):
    with open(os.path.join(runtime, "sched", "wait_reason.h"), encoding="utf-8") as f:
        return states(f.read())
