"""run.py [--peers] [--tiny] --bin DIR --state DIR NAME...: runs benches that are built in DIR.

NAME: a figure of figures.txt, or all figures of a program.

Without --peers: the programs' own lines, `name value unit`.

With --peers: rt0 and each bench's peer take turns, REPS rounds (environment, 5 unless told), each round
beginning with the other, so that a slow moment of the machine falls on both. Printed are the medians over the
rounds and their ratio, `name rt0 PEER ratio must`; only the ratio means anything elsewhere. Everything runs
once with one P and once with two (RT0_MAXPROCS, GOMAXPROCS): name/1, name/2. Further peers of the same bench
take their turns too, and have rows of their own, name/1:PEER, without a must. A peer that is not there is
named on stderr, and its column is a dash.

Status 1 if a program failed; never because of a figure. --tiny is for the test of this script.
"""
import argparse
import os
import subprocess
import sys

import net
import report
from peers import HERE, Peers
from report import PROCS, failure, in_turns, print_row, print_rows

ONCE = ("mem",)  # a million goroutines a round is enough
TIMEOUT_S = 300
PAIRS = 21  # of peer no-preempt: a difference of a few per cent
SERVERS = {"net": "rt0", "posix": "rt0-posix"}  # program of figures.txt -> which of rt0's servers


def benches():
    """Yields (name, program, peers, must) of figures.txt."""
    with open(os.path.join(HERE, "figures.txt")) as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                name, program, peers, must = line.split()
                yield name, program, peers.split(","), must


def figures_of(command, environment=None):
    """Runs command; returns {figure: (value, unit)}, empty if it failed."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=TIMEOUT_S,
                              env={**os.environ, **(environment or {})})
        if done.returncode == 0:
            lines = (line.split() for line in done.stdout.splitlines())
            return {name: (float(value), unit) for name, value, unit in lines}
        failure(f"{' '.join(command)}: status {done.returncode}")
    except subprocess.TimeoutExpired:
        failure(f"{' '.join(command)}: does not end")
    return {}


def start_figures(binaries, tiny, alone):
    """start_bench.sh's figures: its programs take turns by themselves."""
    environment = {"ALONE": "1" if alone else "", **({"ROUNDS": "2"} if tiny else {})}
    script = os.path.join(HERE, "startup", "start_bench.sh")
    return figures_of([script, os.path.join(binaries, "tests/boot/empty")], environment)


def run_alone(peers, chosen, options):
    for name, program, _, _ in chosen:
        if program in SERVERS:
            continue
        if program == "startup":
            figures = start_figures(options.bin, options.tiny, alone=True)
            figures = {name: figures["rt0_start_us"]} if figures else {}
        else:
            figures = figures_of(peers.micro("rt0", program, name))
        for figure, (value, unit) in figures.items():
            print(f"{figure} {value:.4g} {unit}", flush=True)
    for program, ours in SERVERS.items():
        if names := [bench[0] for bench in chosen if bench[1] == program]:
            net.run_alone(peers, ours, names, options)


def compare(peers, bench, options):
    name, program, others, must = bench
    if program == "startup":
        figures = start_figures(options.bin, options.tiny, alone=False)
        print_row(name, figures.get("rt0_start_us"), figures.get("musl_start_us"), must)
        return
    commands = {"rt0": peers.micro("rt0", program, name)}
    commands.update({peer: command for peer in others if (command := peers.micro(peer, program, name))})
    reps = 1 if options.tiny or name in ONCE else max(1, int(os.environ.get("REPS", "5")))
    if "no-preempt" in others and not options.tiny:
        reps = max(reps, PAIRS)
    for procs in PROCS:
        environment = {"RT0_MAXPROCS": str(procs), "GOMAXPROCS": str(procs)}
        medians = in_turns(commands, reps, lambda who: figures_of(commands[who], environment))
        for figure in medians["rt0"] or [name]:
            print_rows(figure, procs, medians, others, must if figure == name else "-")


def run_with_peers(peers, chosen, options):
    header = None
    for bench in chosen:
        if bench[1] in SERVERS:
            continue
        if bench[2] != header:
            header = bench[2]
            print(f"name rt0 {','.join(header)} ratio must", flush=True)
        compare(peers, bench, options)
    for program, ours in SERVERS.items():
        if some := [(name, others, must) for name, which, others, must in chosen if which == program]:
            print(f"name rt0 {','.join(some[0][1])} ratio must", flush=True)
            net.compare(peers, ours, some, options)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--bin", required=True)
    parser.add_argument("--state", required=True)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    os.makedirs(options.state, exist_ok=True)
    options.bin, options.state = os.path.abspath(options.bin), os.path.abspath(options.state)
    chosen = [bench for bench in benches() if not options.names or {bench[0], bench[1]} & set(options.names)]
    peers = Peers(options.state, options.bin, options.tiny)
    (run_with_peers if options.peers else run_alone)(peers, chosen, options)
    sys.exit(1 if report.failed else 0)


if __name__ == "__main__":
    main()
