"""The servers' figures: each is started, driven from outside and stopped, in turns with the others.

http_cpu_cN    CPU time of the server for each request, user and kernel, under wrk with N connections: ns
http_p50_cN, http_p99_cN   latency as wrk sees it: us
http_idle      resident bytes of the server for each of 10,000 idle connections
posix_...      the same of net/thread_server.cc, on rt0
echo_p50, echo_p99         one connection, 64 bytes there and back: us

A server with one P runs on CPU 0 and wrk on CPU 1; with two, nothing is pinned. The client of echo runs on
the server's CPU: no idle CPU has to be woken, the steadier figure.
"""
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import time

from peers import NEEDS
from report import PROCS, failure, in_turns, print_rows, say

SECONDS = 1
ROUNDS = 11
IDLE = 10_000
LOAD = re.compile(r"(http|posix)_(cpu|p50|p99)_c(\d+)$")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def cpu_ns(pid):
    """CPU time that the process has used, kernel threads that work for it included."""
    return time.clock_gettime_ns((~pid << 3) | 2)  # what clock_getcpuclockid(pid) answers


def microseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]


class Server:
    """A running server; used in a with statement."""

    def __init__(self, command, port, procs, pinned):
        self.port = port
        environment = {**os.environ, "RT0_MAXPROCS": str(procs), "GOMAXPROCS": str(procs)}
        pin = ["taskset", "-c", "0"] if pinned else []
        self.process = subprocess.Popen(pin + command, env=environment, stdout=subprocess.DEVNULL)

    def __enter__(self):
        end = time.monotonic() + 10
        while self.process.poll() is None and time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", int(self.port))).close()
                return self
            except ConnectionRefusedError:
                time.sleep(0.02)
        self.__exit__()
        raise RuntimeError("the server does not come up")

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()

    @property
    def pid(self):
        return self.process.pid


def run(command, pinned_to=None):
    pin = ["taskset", "-c", pinned_to] if pinned_to else []
    return subprocess.run(pin + command, stdout=subprocess.PIPE, text=True, timeout=120, check=True).stdout


def http(server, connections, pinned):
    """Drives it for a while. Returns {figure without its prefix: (value, unit)}."""
    before = cpu_ns(server.pid)
    text = run(["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency",
                f"http://127.0.0.1:{server.port}/"], "1" if pinned else None)
    used = cpu_ns(server.pid) - before
    requests = int(re.search(r"(\d+) requests in", text).group(1))
    if wrong := re.search(r"(Socket errors|Non-2xx).*", text):
        failure(f"wrk: {wrong.group(0)}")
    latency = {p: microseconds(re.search(rf"^ +{p}% +(\S+)", text, re.M).group(1)) for p in (50, 99)}
    return {f"cpu_c{connections}": (used / requests, "ns"),
            **{f"p{p}_c{connections}": (us, "us") for p, us in latency.items()}}


def echo(server, client, pinned):
    p50, p99 = run([client, "pingpong", server.port], "0" if pinned else None).split()
    return {"echo_p50": (float(p50), "us"), "echo_p99": (float(p99), "us")}


def idle(server, client, connections):
    return {"idle": (float(run([client, "idle", server.port, str(connections), str(server.pid)])), "B")}


def more_descriptors():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def measure_http(server, names, client, pinned, tiny):
    figures = {}
    for connections in sorted({int(m.group(3)) for name in names if (m := LOAD.match(name))}):
        figures.update(http(server, connections, pinned))
    if any(name.endswith("_idle") for name in names):
        figures.update(idle(server, client, 100 if tiny else IDLE))
    prefix = names[0].split("_")[0]
    return {f"{prefix}_{figure}": value for figure, value in figures.items()}


def measure_one(peers, peer, names, procs, options):
    """All of the names that a peer's servers can answer for, in one turn."""
    client = f"{options.bin}/tests/bench/net/client"
    figures = {}
    pinned = procs == 1
    for kind in ("http", "echo"):
        wanted = [name for name in names if name.startswith("echo_") == (kind == "echo")]
        if not wanted or (kind == "echo" and peer == "nethttp"):
            continue
        port = free_port()
        command = peers.server(peer, kind, port)
        if command is None:
            continue
        try:
            with Server(command, port, procs, pinned) as server:
                if kind == "echo":
                    figures.update(echo(server, client, pinned))
                else:
                    figures.update(measure_http(server, wanted, client, pinned, options.tiny))
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            failure(f"{' '.join(command)}: {error}")
    return figures


def missing_tools():
    if shutil.which("wrk"):
        return False
    failure(f"wrk is not installed (Debian: {NEEDS['wrk']}): the servers' figures are left out")
    return True


def run_alone(peers, ours, names, options):
    if missing_tools():
        return
    more_descriptors()
    figures = measure_one(peers, ours, names, len(os.sched_getaffinity(0)), options)
    for name in names:
        if name in figures:
            print(f"{name} {figures[name][0]:.4g} {figures[name][1]}", flush=True)


def compare(peers, ours, benches, options):
    """benches: (name, peers, must) of figures.txt, whose rows are printed."""
    if missing_tools():
        return
    more_descriptors()
    rounds = 1 if options.tiny else int(os.environ.get("REPS", ROUNDS))
    for procs in PROCS:
        often = [bench for bench in benches if not bench[0].endswith("_idle")]
        once = [bench for bench in benches if bench[0].endswith("_idle")]
        for some, reps in ((often, rounds), (once, 1)):
            if not some:
                continue
            names = [name for name, _, _ in some]
            who = dict.fromkeys(["rt0", *(peer for _, peers_of, _ in some for peer in peers_of)])
            medians = in_turns(who, reps, lambda peer: measure_one(
                peers, ours if peer == "rt0" else peer, names, procs, options))
            for name, peers_of, must in some:
                print_rows(name, procs, medians, peers_of, must)
