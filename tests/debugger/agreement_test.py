#!/usr/bin/env python3
"""agreement_test.py RT0 RT0DB ZOO: five ways to list the goroutines of one process say the same.

SIGQUIT's report, ps, bt, gdb, and the last three of the core that the process leaves: who there is, what
each does, and the file and line of each of its frames; of gdb's, those of zoo.cc.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

RT0, RT0DB, ZOO = (os.path.abspath(path) for path in sys.argv[1:4])
NOT_SETTLED = ("running", "runnable", "syscall")


def output(*command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=50,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == 0, (command, done)
    return done.stdout


def blocks(text):
    """{goid: (what stands behind its number, its other lines)} of a report, of bt, of gdb's."""
    parts = re.split(r"^goroutine (\d+) ", text, flags=re.M)
    split = {}
    for goid, part in zip(parts[1::2], parts[2::2]):
        head, _, rest = part.partition(":\n")
        assert int(goid) not in split, goid
        split[int(goid)] = head, rest.strip("\n").splitlines()
    return split


def lines_of_code(lines):
    """FILE:LINE of each frame, and where the goroutine was made, of a report or of bt. (Of the runtime's own
    frame a report says less, since it has no time to read that; and names come from symbols in the one, from
    DWARF in the other.)"""
    places = [re.match(r"\t(?!0x|\./runtime/|runtime/)(\S+:\d+)", line) for line in lines]
    return [place[1] for place in places if place]


def own_lines(text):
    return re.findall(r"\bzoo\.cc:(\d+)", text)


class Agreement(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.mkdtemp()
        report = os.path.join(cls.dir, "report")
        cls.listed, cls.bt = {}, {}
        with open(report, "w+") as stderr:
            zoo = subprocess.Popen(["sh", "-c", 'ulimit -c unlimited; exec "$@"', "sh", ZOO], cwd=cls.dir,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, text=True)
            try:
                assert zoo.stdout.readline() == "ready\n"
                cls.settle(zoo.pid)
                cls.listed["ps"] = json.loads(output(RT0DB, "ps", "--json", zoo.pid))
                cls.bt["ps"] = blocks(output(RT0DB, "bt", "--all", zoo.pid))
                cls.gdb = {"live": cls.by_gdb(zoo.pid)}
                zoo.send_signal(signal.SIGQUIT)
                cls.report = cls.whole(report, len(cls.listed["ps"]))
                zoo.send_signal(signal.SIGABRT)
                zoo.wait()
            finally:
                zoo.kill()
                zoo.wait()
                zoo.stdin.close()
                zoo.stdout.close()
        cores = [name for name in os.listdir(cls.dir) if name.startswith("core")]
        if cores:  # the kernel may send them elsewhere
            core = os.path.join(cls.dir, cores[0])
            cls.listed["core"] = json.loads(output(RT0DB, "core", "--json", core, ZOO))
            cls.bt["core"] = blocks(output(RT0DB, "core", "--all", core, ZOO))
            cls.gdb["core"] = cls.by_gdb(ZOO, core)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.dir)

    @staticmethod
    def settle(pid):
        """Until each has come to where it stays."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            listed = json.loads(output(RT0DB, "ps", "--json", pid))
            busy = [g["function"] for g in listed if g["status"] in NOT_SETTLED]
            if busy == ["(anonymous namespace)::spins"]:
                return
            time.sleep(0.05)
        raise AssertionError(listed)

    @staticmethod
    def whole(path, goroutines):
        """The report, once it is there to its end: an empty line behind the last goroutine."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with open(path) as file:
                text = file.read()
            if text.endswith("\n\n") and len(blocks(text)) >= goroutines:
                return blocks(text)
            time.sleep(0.05)
        raise AssertionError(text)

    @staticmethod
    def by_gdb(*what):
        text = output(RT0, "gdb", *what, "-nx", "-batch", "-ex", "info goroutines", "-ex", "echo --\\n",
                      "-ex", "goroutine all bt")
        listing, stacks = text.split("--\n", 1)
        found = re.findall(r"^[* ] (\d+) \[([^]]*)\] (.*?)(?:, by goroutine (\d+))?$", listing, re.M)
        return {int(goid): (doing, where, int(parent or 0)) for goid, doing, where, parent in found}, stacks

    def ways(self, of):
        with open("/proc/sys/kernel/core_pattern") as pattern:
            if pattern.read().strip() == "core":
                self.assertIn("core", of)
        return of.items()

    def test_the_same_goroutines(self):
        everyone = sorted(self.report)
        self.assertGreater(len(everyone), 20)
        for _, listed in self.ways(self.listed):
            self.assertEqual([g["goid"] for g in listed], everyone)
        for _, stacks in self.ways(self.bt):
            self.assertEqual(sorted(stacks), everyone)
        for _, (listing, stacks) in self.ways(self.gdb):
            self.assertEqual(sorted(listing), everyone)
            self.assertEqual(sorted(blocks(stacks)), everyone)

    def test_what_each_does(self):
        for way, listed in self.ways(self.listed):
            for g in listed:
                doing = g["reason"] if g["status"] == "waiting" else g["status"]
                head, lines = self.report[g["goid"]]
                with self.subTest(way=way, goid=g["goid"]):
                    self.assertEqual(re.match(r"\[([^],]*)", head)[1], doing)
                    self.assertEqual('"' in head, g["name"] is not None)
                    for key, value in g["labels"].items():
                        self.assertIn(f"{key}: {value}", head)
                    self.assertIn(f'{g["file"]}:{g["line"]}', "\n".join(lines))
                    if g["created_by"]:
                        made = re.search(r"(\w+) in (goroutine \d+)$", g["created_by"])
                        self.assertIn(f"created by {made[1]}(...) in {made[2]}", lines)

    def test_bt_is_the_report(self):
        for way, stacks in self.ways(self.bt):
            for goid, (head, lines) in stacks.items():
                with self.subTest(way=way, goid=goid):
                    self.assertEqual(head, self.report[goid][0])
                    self.assertEqual(lines_of_code(lines), lines_of_code(self.report[goid][1]))

    def test_gdb(self):
        for way, (listing, stacks) in self.ways(self.gdb):
            for goid, (_, lines) in blocks(stacks).items():
                head, report = self.report[goid]
                with self.subTest(way=way, goid=goid):
                    self.assertEqual(listing[goid][0], re.match(r"\[([^],]*)", head)[1])
                    own = own_lines("\n".join(report))
                    if any("elided" in line for line in report):
                        self.assertGreater(len(own_lines("\n".join(lines))), 150)
                        continue
                    if listing[goid][2] != 0:
                        self.assertIn(f"in goroutine {listing[goid][2]}", "\n".join(report))
                        own = own[:-1]  # where it was made
                    self.assertEqual(own_lines("\n".join(lines)), own)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
