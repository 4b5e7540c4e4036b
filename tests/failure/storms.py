#!/usr/bin/env python3
"""storms.py PROGRAM...: SIGQUITs at random moments of the project's stress programs.

Each program must end as it does by itself, with status 0, and each SIGQUIT must bring one whole report
(quit_report.py). The next is sent when the report of the last has begun: often while it is still written,
with the others frozen, at times long after it.

    RT0_STORMS=N          so many SIGQUITs for each number of Ps, over all programs in turn (else a sample: a
                          few SIGQUITs to some of the programs)
    RT0_STORMS_PROCS=N,M  these numbers of Ps (1,2,8,64)
    RT0_STORMS_DEBUG=K=V  joined to RT0_DEBUG
    RT0_STORMS_KEEP=1     leaves a program that hangs for a debugger
    RT0_SEED=TEXT         of the sample and the moments (else the commit, so that each tries others)
"""
import os
import random
import resource
import selectors
import signal
import subprocess
import sys
import time

import quit_report

HERE = os.path.dirname(os.path.realpath(__file__))
RUNTIME = os.path.join(HERE, "..", "..", "runtime")
SAMPLE = 12         # programs
SAMPLE_QUITS = 8    # for each
ROUND_QUITS = 25    # to one run of a program, when all are asked for
PATIENCE_S = 60     # between a SIGQUIT and its report, or the last and the end
LONG_S, SHORT_S = 0.2, 0.004
DEBUGS = ("", "", "perturb=20", "uring=0", "check=1", "check=1,perturb=20")


def commit():
    shown = subprocess.run(["git", "-C", HERE, "rev-parse", "HEAD"], capture_output=True, text=True,
                           check=False)
    return shown.stdout.strip()[:12] or "0"


class Run:
    """A program under its storm."""

    def __init__(self, program, procs, debug, rng):
        self.rng, self.sent, self.err, self.out = rng, 0, b"", b""
        self.what = f"RT0_MAXPROCS={procs} RT0_DEBUG={debug} {program}"
        env = dict(os.environ, RT0_MAXPROCS=str(procs), RT0_DEBUG=debug)
        env.pop("RT0_SEED", None)
        # pylint: disable=consider-using-with
        self.child = subprocess.Popen([os.path.abspath(program)], env=env, stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.child.stdout, selectors.EVENT_READ)
        self.selector.register(self.child.stderr, selectors.EVENT_READ)

    def read(self, seconds):
        """Takes what the program writes, for so long or until both pipes are closed: False."""
        deadline = time.monotonic() + seconds
        while self.selector.get_map():
            left = deadline - time.monotonic()
            ready = self.selector.select(max(left, 0))
            for key, _ in ready:
                data = os.read(key.fd, 1 << 16)
                if key.fileobj is self.child.stdout:
                    self.out += data
                else:
                    self.err += data
                if not data:
                    self.selector.unregister(key.fileobj)
            if left <= 0:
                return True
        return False

    def begun(self):
        return self.err.count(b"\n" + quit_report.TITLE.encode() + b"\n\n") + self.err.startswith(
            quit_report.TITLE.encode())

    def handles_quit(self):
        """Its start is over: SIGQUIT is the runtime's by now."""
        try:
            with open(f"/proc/{self.child.pid}/status", encoding="ascii") as f:
                caught = [line for line in f if line.startswith("SigCgt")]
        except FileNotFoundError:
            return False
        return bool(caught) and int(caught[0].split()[1], 16) >> (signal.SIGQUIT - 1) & 1 == 1

    def storm(self, quits):
        while not self.handles_quit() and self.child.poll() is None:
            time.sleep(0.0002)
        while self.sent < quits:
            gap = LONG_S if self.rng.random() < 0.5 else SHORT_S
            if not self.read(self.rng.random() * gap) or self.child.poll() is not None:
                break
            self.child.send_signal(signal.SIGQUIT)
            self.sent += 1
            deadline = time.monotonic() + PATIENCE_S
            while self.begun() < self.sent and self.read(0.0005):
                if time.monotonic() > deadline:
                    return "no report of the last SIGQUIT"
        if self.read(PATIENCE_S):
            return "it does not end"
        return None

    def finish(self, quits):
        """What is wrong, or None; and how many reports were whole."""
        wrong = self.storm(quits)
        if wrong is not None:
            if "RT0_STORMS_KEEP" not in os.environ:
                self.child.kill()
            return f"{wrong} (pid {self.child.pid})", 0
        status = self.child.wait()
        if status != 0:
            return f"ended with {status}", 0
        return self.judge()

    def judge(self):
        before, texts = quit_report.reports(self.err.decode(errors="replace"))
        if before:
            return f"it said: {before[-2000:]}", 0
        # The last SIGQUIT may come when the program has ended all but its zombie, or is in exit_group.
        if len(texts) not in (self.sent, self.sent - 1):
            return f"{self.sent} SIGQUITs, {len(texts)} reports", 0
        for i, text in enumerate(texts):
            try:
                report = quit_report.Report(text, STATES)
            except quit_report.Malformed as e:
                return f"report {i + 1} of {len(texts)}: {e}", i
            if i == 0 and any(is_report(other) for other in quit_report.spoiled(text)):
                return "the grammar takes what is no report", i
            if report.unread:
                return f"report {i + 1} of {len(texts)}: a stack that could not be read to its end", i
            TOTAL.add(report)
        return None, len(texts)


def is_report(text):
    try:
        quit_report.Report(text, STATES)
        return True
    except quit_report.Malformed:
        return False


class Totals:
    """What the reports had."""

    def __init__(self):
        self.sent = self.whole = self.runs = self.bad = 0
        self.goroutines = self.unavailable = self.unread = self.bare = 0

    def add(self, report):
        self.goroutines += report.goroutines
        self.unavailable += report.unavailable
        self.unread += report.unread
        self.bare += report.bare

    def __str__(self):
        return (f"{self.runs} runs, {self.sent} SIGQUITs, {self.whole} whole reports of {self.goroutines} "
                f"goroutines ({self.unavailable} on kernel threads that did not answer, {self.unread} not "
                f"read to the end, {self.bare} without a frame of the program), {self.bad} bad runs")


STATES = quit_report.known_states(RUNTIME)
TOTAL = Totals()


def one_run(program, procs, quits, rng):
    more = rng.choice(DEBUGS), os.environ.get("RT0_STORMS_DEBUG", "")
    debug = ",".join(("sigquit=0",) + tuple(m for m in more if m))
    run = Run(program, procs, debug, rng)
    wrong, whole = run.finish(quits)
    TOTAL.runs += 1
    TOTAL.sent += run.sent
    TOTAL.whole += whole
    if wrong is not None:
        TOTAL.bad += 1
        print(f"=== {run.what}\n{wrong}")
        name = os.path.join(os.environ.get("TEST_UNDECLARED_OUTPUTS_DIR", "/tmp"),
                            f"storm.{os.path.basename(program)}.{run.child.pid}")
        for text, of in ((run.out, "out"), (run.err, "err")):
            with open(f"{name}.{of}", "wb") as f:
                f.write(text)
        print(f"stdout and stderr: {name}.*\n{run.out.decode(errors='replace')[-1500:]}", flush=True)
    return run.sent


def main():
    programs = sys.argv[1:]
    seed = os.environ.get("RT0_SEED") or commit()
    total = int(os.environ.get("RT0_STORMS", "0"))
    all_procs = [int(n) for n in os.environ.get("RT0_STORMS_PROCS", "1,2,8,64").split(",")]
    print(f"storms: RT0_SEED={seed}", flush=True)
    rng = random.Random(seed)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for ignored in (signal.SIGINT, signal.SIGQUIT):  # as a shell's background jobs have it
        signal.signal(ignored, signal.SIG_DFL)
    if total == 0:
        for program in rng.sample(programs, min(SAMPLE, len(programs))):
            one_run(program, rng.choice(all_procs), SAMPLE_QUITS, rng)
    for procs in all_procs if total != 0 else ():
        before = TOTAL.sent
        while TOTAL.sent - before < total:
            for program in rng.sample(programs, len(programs)):
                left = total - (TOTAL.sent - before)
                if left > 0:
                    one_run(program, procs, min(left, ROUND_QUITS), rng)
        print(f"storms: RT0_MAXPROCS={procs}: so far {TOTAL}", flush=True)
    print(f"storms: {TOTAL}")
    return 1 if TOTAL.bad or TOTAL.whole == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
