#!/usr/bin/env python3
"""debugger_test.py RT0 RT0DB PROBE STATIC SERVER: against programs that say what their goroutines do.

RT0_ATTACHES: how often the attaching tests attach (200; CI takes fewer). RT0_SEED: of the random moments.
"""
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

RT0, RT0DB, PROBE, STATIC, SERVER = (os.path.abspath(path) for path in sys.argv[1:6])
ATTACHES = int(os.environ.get("RT0_ATTACHES", "20"))
SEED = int(os.environ.get("RT0_SEED", str(random.randrange(1 << 30))))
OK, FAILED, USAGE, NO_PROCESS, NOT_RT0 = range(5)


def rt0db(*arguments, **options):
    command = [RT0DB, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=50, **options)


def frames(text):
    """bt's text as {goid: its part}."""
    parts = re.split(r"^goroutine (\d+) ", text, flags=re.M)
    return {int(goid): part for goid, part in zip(parts[1::2], parts[2::2])}


class Probe:
    """A running probe; said: {goid: (status, reason, function)}."""

    def __init__(self, *arguments, program=PROBE, settles=True, **options):
        self.settles = settles
        self.process = subprocess.Popen([program, *map(str, arguments)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, **options)
        self.pid = self.process.pid
        self.said = {}
        for line in self.process.stdout:
            if line == "ready\n":
                break
            if line == "child\n":  # what the parent said was written again, or is no more
                self.said = {}
                self.pid = self.child()
                continue
            goid, status, reason, function = line.split()
            self.said[int(goid)] = status, reason.replace("_", " "), function

    def child(self):
        """Whichever kernel thread the goroutine was on that forked."""
        found = []
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{task}/children") as children:
                found += children.read().split()
        (pid,) = found
        return int(pid)

    def settled(self):
        """Itself, when all that shall wait do: what one says comes before."""
        waiters = {goid for goid, (status, reason, _) in self.said.items()
                   if status == "waiting" and reason != "sleep"}
        for _ in range(200):
            listed = rt0db("ps", "--json", self.pid)
            if waiters <= {one["goid"] for one in json.loads(listed.stdout) if one["status"] == "waiting"}:
                return self
        raise AssertionError("not all wait: " + listed.stdout)

    def ask(self):
        """The longest time, in us, for which its spinning thread was stopped since the last question."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline().split()[1])

    def end(self):
        """Its last words and its status."""
        self.process.stdin.close()
        rest = self.process.stdout.read()
        self.process.stdout.close()
        return rest, self.process.wait()

    def __enter__(self):
        try:
            return self.settled() if self.settles else self
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Debugger(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)

    def stripped(self, program):
        to = os.path.join(self.dir, "stripped")
        subprocess.run(["strip", "-o", to, program], check=True)
        return to

    def check_detached(self, pid):
        with open(f"/proc/{pid}/status") as status:
            text = status.read()
        self.assertIn("TracerPid:\t0\n", text)
        self.assertNotRegex(text, r"State:\t[tT]")

    def check_list(self, listed, said):
        """ps --json's list is what the program said."""
        found = {one["goid"]: (one["status"], one["reason"] or "-") for one in listed}
        self.assertEqual(sorted(found), sorted(said))
        for goid, (status, reason, function) in said.items():
            if function == "spins":  # it may be between two slices
                self.assertIn(found[goid][0], ("running", "runnable"))
            elif (found[goid][0], status) != ("runnable", "waiting"):  # a sleep that has just ended
                self.assertEqual(found[goid], (status, reason), function)

    def check_stacks(self, text, said, names=True):
        stacks = frames(text)
        self.assertEqual(sorted(stacks), sorted(said))
        for goid, (_, _, function) in said.items():
            self.assertNotIn("cannot be told", stacks[goid])
            if names:
                self.assertRegex(stacks[goid], rf"\b{function}\(")

    def check_live(self, program, names=True):
        with Probe("crowd", 3, program=program) as probe:
            ps = rt0db("ps", "--json", probe.pid)
            self.assertEqual((ps.stderr, ps.returncode), ("", OK))
            self.check_list(json.loads(ps.stdout), probe.said)
            bt = rt0db("bt", probe.pid)
            self.assertEqual((bt.stderr, bt.returncode), ("", OK))
            self.check_stacks(bt.stdout, probe.said, names)
            one = rt0db("bt", probe.pid, 2)
            self.assertEqual(list(frames(one.stdout)), [2])
            self.check_detached(probe.pid)
            self.assertEqual(probe.end(), ("wrong sleeps: 0\n", 0))

    def test_pie(self):
        self.check_live(PROBE)

    def test_static(self):
        self.check_live(STATIC)

    def test_stripped(self):
        self.check_live(self.stripped(PROBE), names=False)

    def test_stripped_static(self):
        self.check_live(self.stripped(STATIC), names=False)

    def check_lines(self, program):
        with Probe("crowd", 1, program=program) as probe:
            self.assertRegex(rt0db("bt", probe.pid, 2).stdout, r"\t\S*probe\.cc:\d+ \+0x")

    def test_compressed_debug_information(self):
        to = os.path.join(self.dir, "compressed")
        subprocess.run(["objcopy", "--compress-debug-sections", PROBE, to], check=True)
        self.check_lines(to)

    def test_separate_debug_file(self):
        program = self.stripped(PROBE)
        subprocess.run(["objcopy", "--only-keep-debug", PROBE, "probe.debug"], check=True, cwd=self.dir)
        subprocess.run(["objcopy", "--add-gnu-debuglink=probe.debug", program], check=True, cwd=self.dir)
        self.check_live(program)
        self.check_lines(program)

    def test_ps_columns(self):
        with Probe("crowd", 1) as probe:
            lines = rt0db("ps", probe.pid).stdout.splitlines()
            columns = "GOID STATUS REASON MINUTES FUNCTION FILE:LINE CREATED-BY"
            self.assertEqual(lines[0].split(), columns.split())
            waits = next(line for line in lines if "waits_for_channel" in line)
            self.assertRegex(waits, r"^\d+ +waiting +chan receive .*/probe.cc:\d+ .* in goroutine 1$")

    def test_deadlocked(self):
        with Probe("deadlock") as probe:
            for _ in range(100):  # until both have come to their second lock
                listed = json.loads(rt0db("ps", "--json", probe.pid).stdout)
                if [one["reason"] for one in listed].count("mutex lock") == 2:
                    break
            self.check_list(listed, probe.said)
            self.check_stacks(rt0db("bt", probe.pid).stdout, probe.said)

    def test_fork(self):
        with Probe("fork", 5) as probe:
            self.check_list(json.loads(rt0db("ps", "--json", probe.pid).stdout), probe.said)
            self.check_stacks(rt0db("bt", probe.pid).stdout, probe.said)
            self.assertEqual(len(probe.said), 2)
            self.assertEqual(probe.end(), ("", 0))

    def test_ten_thousand(self):
        with Probe("crowd", 10_000) as probe:
            self.check_list(json.loads(rt0db("ps", "--json", probe.pid).stdout), probe.said)
            gaps = []
            for _ in range(9):
                probe.ask()
                self.assertEqual(rt0db("ps", probe.pid).returncode, OK)
                gaps.append(probe.ask())
            print("10,000 goroutines: the target was stopped, us:", sorted(gaps))
            self.assertLess(sorted(gaps)[len(gaps) // 2], 50_000)
            table = rt0db("ps", probe.pid).stdout
            self.assertIn("(and 9999 more)", table)
            self.assertLess(len(table.splitlines()), 20)
            self.assertEqual(len(rt0db("ps", "--all", probe.pid).stdout.splitlines()), 1 + len(probe.said))
            self.assertIn("and 9999 more:", rt0db("bt", probe.pid).stdout)
            self.assertEqual(probe.end()[1], 0)

    def test_random_moments(self):
        rng = random.Random(SEED)
        with Probe("crowd", 50) as probe:
            for _ in range(ATTACHES):
                time.sleep(rng.random() / 20)
                command = rng.choice(["ps", "bt"])
                done = rt0db(*(["ps", "--json"] if command == "ps" else ["bt", "--all"]), probe.pid)
                self.assertEqual((done.stderr, done.returncode), ("", OK))
                if command == "ps":
                    self.check_list(json.loads(done.stdout), probe.said)
                else:
                    self.check_stacks(done.stdout, probe.said)
                self.check_detached(probe.pid)
            self.assertEqual(probe.end(), ("wrong sleeps: 0\n", 0))

    def test_ended_by_signals(self):
        rng = random.Random(SEED)
        with Probe("crowd", 2000) as probe:
            for how in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL) * (1 + ATTACHES // 3):
                tool = subprocess.Popen([RT0DB, "ps", str(probe.pid)], stdout=subprocess.DEVNULL)
                time.sleep(rng.random() / 20)
                tool.send_signal(how)
                tool.wait()
                self.check_detached(probe.pid)
            self.assertEqual(probe.end(), ("wrong sleeps: 0\n", 0))

    def test_stopped_stays_stopped(self):
        with Probe("crowd", 1) as probe:
            os.kill(probe.pid, signal.SIGSTOP)
            os.waitpid(probe.pid, os.WUNTRACED)
            self.assertEqual(rt0db("ps", probe.pid).returncode, OK)
            with open(f"/proc/{probe.pid}/status") as status:
                self.assertRegex(status.read(), r"State:\tT \(stopped\)")
            os.kill(probe.pid, signal.SIGCONT)
            self.assertEqual(probe.end(), ("wrong sleeps: 0\n", 0))

    def test_server_under_load(self):
        server = subprocess.Popen([SERVER, "0"], stdout=subprocess.PIPE, text=True)
        try:
            where = server.stdout.readline().strip()  # once it listens
            server.stdout.close()
            load = subprocess.Popen(["wrk", "-t1", "-c64", "-d4", f"http://{where}/"],
                                    stdout=subprocess.PIPE, text=True)
            attached = 0
            while load.poll() is None:
                done = rt0db("ps", server.pid)
                self.assertEqual((done.stderr, done.returncode), ("", OK))
                attached += 1
            words = load.stdout.read()
            load.stdout.close()
            print("attached", attached, "times under load;", re.search(r"Requests/sec:.*", words).group())
            self.assertNotIn("Socket errors", words)
            self.assertNotIn("Non-2xx", words)
            self.assertGreater(attached, 5)
        finally:
            server.kill()
            server.wait()

    def core_of(self, program):
        """What a dying probe said, and the core that the kernel wrote."""
        with open("/proc/sys/kernel/core_pattern") as pattern:
            if pattern.read().strip() != "core":
                self.skipTest("/proc/sys/kernel/core_pattern is not `core`")
        died = subprocess.run(["sh", "-c", 'ulimit -c unlimited; exec "$@"', "sh", program, "core", "5"],
                              cwd=self.dir, capture_output=True, text=True)
        self.assertEqual(died.returncode, -signal.SIGABRT)
        lines = [line.split() for line in died.stdout.splitlines()]
        core = next(name for name in os.listdir(self.dir) if name.startswith("core"))
        return {int(goid): (status, reason.replace("_", " "), function)
                for goid, status, reason, function in lines}, os.path.join(self.dir, core)

    def check_core(self, program):
        said, core = self.core_of(program)
        listed = rt0db("core", "--json", core, program)
        self.assertEqual((listed.stderr, listed.returncode), ("", OK))
        self.check_list(json.loads(listed.stdout), said)
        waits = [one["minutes"] for one in json.loads(listed.stdout) if one["status"] == "waiting"]
        self.assertEqual(set(waits), {0})
        text = rt0db("core", core, program).stdout
        self.assertTrue(text.startswith("GOID"))
        self.check_stacks(text, said)
        self.assertEqual(list(frames(rt0db("core", core, program, 3).stdout)), [3])
        self.assertEqual(rt0db("core", core, STATIC if program == PROBE else PROBE).returncode, NOT_RT0)

    def test_core(self):
        self.check_core(PROBE)

    def test_core_static(self):
        self.check_core(STATIC)

    def gdb(self, *arguments):
        """What gdb prints, run as tools/rt0 gdb runs it."""
        done = subprocess.run([RT0, "gdb", *map(str, arguments)], capture_output=True, text=True, timeout=55,
                              stdin=subprocess.DEVNULL)
        self.assertNotRegex(done.stderr, "Python Exception|while executing|auto-loading has been")
        return done.stdout

    def check_gdb(self, said, *how):
        text = self.gdb(*how, "-nx", "-batch", "-ex", "info goroutines", "-ex", "echo --\\n",
                        "-ex", "goroutine all bt")
        listing, stacks = text.split("--\n", 1)
        lines = re.findall(r"^[* ] (\d+) \[([^]]*)\]", listing, re.M)
        found = {int(goid): doing for goid, doing in lines}
        self.assertEqual(sorted(found), sorted(said))
        parts = frames(stacks)
        self.assertEqual(sorted(parts), sorted(said))
        for goid, (status, reason, function) in said.items():
            if function in ("spins", "sleeps"):
                continue
            self.assertEqual(found[goid], reason if status == "waiting" else status, function)
            self.assertIn(f"{function} (", parts[goid])
        return listing

    def test_gdb_live(self):
        with Probe("crowd", 20) as probe:
            listing = self.check_gdb(probe.said, probe.pid)
            where = r"\[chan receive\] .*::waits_for_channel at .*/probe.cc:\d+, by goroutine 1"
            self.assertRegex(listing, where)
            text = self.gdb(probe.pid, "-nx", "-batch", "-ex", "print '(anonymous namespace)::never'",
                            "-ex", "goroutine 2 bt 2", "-ex", "goroutine 999 bt")
            self.assertRegex(text, r"channel 0x\w+, 0 of 0, receivers: goroutines (\d+, ){19}\d+\n")
            self.assertEqual(re.findall(r"^#(\d+)", text, re.M)[-2:], ["0", "1"])
            for name, printed in (("filled", r"channel 0x\w+, 2 of 3, closed"),
                                  ("nil_channel", "nil channel"), ("taken", "mutex, locked"),
                                  ("untaken", "mutex, free"),
                                  ("outstanding", "wait_group, 2 to be done")):
                text = self.gdb(probe.pid, "-nx", "-batch", "-ex", f"print '(anonymous namespace)::{name}'")
                self.assertRegex(text, rf"= {printed}\n")
            self.assertEqual(probe.end(), ("wrong sleeps: 0\n", 0))

    def test_gdb_on_code_without_tables(self):
        """The other goroutines are where they are, whatever the selected thread does: here it is in musl."""
        text = self.gdb(PROBE, "-nx", "-batch", "-ex", "break puts", "-ex", "run deadlock",
                        "-ex", "echo --\\n", "-ex", "goroutine all bt", "-ex", "kill")
        parts = frames(text.split("--\n", 1)[1])
        for goid, function in (1, "deadlock"), (2, "takes_second"), (3, "takes_first"):
            self.assertIn(f"{function} (", parts[goid])

    def test_gdb_core(self):
        for program in (PROBE, STATIC):
            said, core = self.core_of(program)
            self.check_gdb(said, program, core)
            os.unlink(core)

    def test_gdb_refuses(self):
        for status, words, what in ((NO_PROCESS, "no such process", 1 << 30),
                                    (USAGE, "no such file", "no/such"),
                                    (NOT_RT0, "not an rt0 program", "/bin/sh")):
            done = subprocess.run([RT0, "gdb", str(what)], capture_output=True, text=True)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertIn(words, done.stderr)

    def refused(self, status, words, *arguments, **options):
        done = rt0db(*arguments, **options)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertIn(words, done.stderr)
        self.assertEqual(done.stderr.count("rt0:"), 1)
        self.assertEqual(done.stdout, "")
        if status != USAGE:
            self.assertEqual(done.stderr.count("\n"), 1)

    def test_usage(self):
        for words, arguments in (("no such command", "frob"), ("no PID", "ps"), ("not a process id", "ps 1x"),
                                 ("no option --frob", "ps --frob 1"), ("what is 3", "bt 1 2 3"),
                                 ("FILE and EXE", "core core")):
            self.refused(USAGE, words, *arguments.split())

    def test_no_such_process(self):
        ended = subprocess.Popen(["true"])
        ended.wait()
        self.refused(NO_PROCESS, f"no such process {ended.pid}", "ps", ended.pid)
        self.refused(NO_PROCESS, "no such process", "bt", 1 << 40)

    def test_no_such_goroutine(self):
        with Probe("crowd", 1) as probe:
            self.refused(FAILED, "no goroutine 777", "bt", probe.pid, 777)

    def test_no_permission(self):
        if os.getuid() != 0:
            self.skipTest("not root: cannot be somebody else")
        os.chmod(self.dir, 0o755)
        tool = shutil.copy(RT0DB, self.dir)
        with Probe("crowd", 1) as probe:
            done = subprocess.run([tool, "ps", str(probe.pid)], capture_output=True, text=True, user=65534)
            self.assertEqual(done.returncode, NO_PROCESS, done.stderr)
            self.assertIn("permi", done.stderr.lower())

    def test_not_rt0(self):
        other = subprocess.Popen(["sleep", "60"])
        try:
            self.refused(NOT_RT0, "not an rt0 program", "ps", other.pid)
            self.check_detached(other.pid)
        finally:
            other.kill()
            other.wait()

    def test_other_version(self):
        names = subprocess.check_output(["nm", STATIC], text=True)
        table = int(re.search(r"^(\w+) \w rt0_debugger_table$", names, re.M).group(1), 16)
        headers = subprocess.check_output(["readelf", "-lW", STATIC], text=True)
        offset = next(int(o, 16) + table - int(v, 16) for o, v, size in
                      re.findall(r"LOAD +(\w+) (\w+) \w+ (\w+)", headers)
                      if int(v, 16) <= table < int(v, 16) + int(size, 16))
        other = shutil.copy(STATIC, os.path.join(self.dir, "other"))
        os.chmod(other, 0o755)
        with open(other, "r+b") as file:
            file.seek(offset)
            byte = file.read(1)[0]
            file.seek(offset)
            file.write(bytes([byte ^ 1]))
        with Probe("crowd", 1, program=other, settles=False) as probe:
            self.refused(NOT_RT0, "another version of rt0", "ps", probe.pid)


if __name__ == "__main__":
    print("RT0_SEED =", SEED)
    unittest.main(argv=sys.argv[:1] + sys.argv[6:])
