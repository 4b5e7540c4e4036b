"""run.py [--peers] [--tiny] --bin DIR --state DIR NAME...: runs benches that are built in DIR.

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
import shutil
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PROCS = (1, 2)
ONCE = ("mem",)  # a million goroutines a round is enough
TIMEOUT_S = 300
PAIRS = 21  # of peer no-preempt: a difference of a few per cent
NO_PREEMPT = "no-preempt"  # rt0 itself, without the signal
MIMALLOC = "/usr/lib/x86_64-linux-gnu/libmimalloc.so.2"
GO_PLACES = ("/usr/lib/go-1.23/bin/go", "go")

failed = False


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def benches():
    """Yields (name, program, peer, must) of figures.txt."""
    with open(os.path.join(HERE, "figures.txt")) as lines:
        yield from (tuple(line.split()) for line in lines if line.strip() and not line.startswith("#"))


def figures_of(command, environment=None):
    """Runs command; returns {figure: (value, unit)}, empty if it failed."""
    global failed
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=TIMEOUT_S,
                              env={**os.environ, **(environment or {})})
        if done.returncode == 0:
            lines = (line.split() for line in done.stdout.splitlines())
            return {name: (float(value), unit) for name, value, unit in lines}
        say(f"{' '.join(command)}: status {done.returncode}")
    except subprocess.TimeoutExpired:
        say(f"{' '.join(command)}: does not end")
    failed = True
    return {}


def go_peer(state):
    """The path of the Go program, built if need be; None if there is no Go."""
    source, program = os.path.join(HERE, "peers", "micro.go"), os.path.join(state, "micro_go")
    places = [os.environ["RT0_GO"]] if "RT0_GO" in os.environ else GO_PLACES
    go = next((found for place in places if (found := shutil.which(place))), None)
    if go is None:
        say("peer go is not installed (Debian: golang-1.23-go, of bookworm-backports): left out")
        return None
    if not os.path.exists(program) or os.path.getmtime(program) < os.path.getmtime(source):
        environment = {"GOCACHE": os.path.join(state, "go-cache"), "GOTOOLCHAIN": "local",
                       "GO111MODULE": "off", "GOFLAGS": ""}
        say("building peers/micro.go")
        built = subprocess.run([go, "build", "-o", program, source], env={**os.environ, **environment},
                               stdout=sys.stderr)
        if built.returncode != 0:
            say("peer go does not build: left out")
            return None
    return program


def median_figures(rounds):
    """[{figure: (value, unit)}] -> {figure: (median, unit)}; a round without the figure does not count."""
    names = {name: unit for figures in rounds for name, (_, unit) in figures.items()}
    return {name: (statistics.median(f[name][0] for f in rounds if name in f), unit)
            for name, unit in names.items()}


def in_turns(commands, environment, reps):
    """{who: command} -> {who: {figure: (median, unit)}}. Each round begins with another of them."""
    results = {who: [] for who in commands}
    order = list(commands)
    for _ in range(reps):
        for who in order:
            results[who].append(figures_of(commands[who], environment))
        order = order[1:] + order[:1]
    return {who: median_figures(rounds) for who, rounds in results.items()}


def ratio_row(label, ours, theirs, must):
    """`name rt0 PEER ratio must`; a dash where there is nothing."""
    value = f"{ours[0]:.4g}" if ours else "-"
    peer = f"{theirs[0]:.4g}" if theirs else "-"
    ratio = f"{ours[0] / theirs[0]:.3f}" if ours and theirs and theirs[0] else "-"
    return f"{label} {value} {peer} {ratio} {must}"


def start_figures(binaries, tiny, alone):
    """start_bench.sh's figures: its programs take turns by themselves."""
    environment = {"ALONE": "1" if alone else "", **({"ROUNDS": "2"} if tiny else {})}
    script = os.path.join(HERE, "startup", "start_bench.sh")
    return figures_of([script, os.path.join(binaries, "tests/boot/empty")], environment)


def run_alone(options, chosen):
    for name, program, _, _ in chosen:
        if program == "startup":
            figures = start_figures(options.bin, options.tiny, alone=True)
            figures = {name: figures["rt0_start_us"]} if figures else {}
        else:
            figures = figures_of(micro(options, program, name))
        for figure, (value, unit) in figures.items():
            print(f"{figure} {value:.4g} {unit}", flush=True)


def micro(options, program, name):
    return [f"{options.bin}/tests/bench/micro/{program}", *(["--tiny"] if options.tiny else []), name]


def peer_command(peer, name, options, go):
    if peer == "go":
        return [go, name] if go else None
    if peer == NO_PREEMPT:
        return ["env", "RT0_DEBUG=asyncpreemptoff=1", *micro(options, "tasks", name)]
    if peer == "mimalloc":
        if not os.path.exists(MIMALLOC):
            return None
        return ["env", f"LD_PRELOAD={MIMALLOC}", *micro(options, "heap_hosted", name)]
    return micro(options, "heap_hosted" if peer == "glibc" else "threads_hosted", name)


def compare(options, bench, go):
    name, program, peers, must = bench
    peers = peers.split(",")
    if program == "startup":
        figures = start_figures(options.bin, options.tiny, alone=False)
        print(ratio_row(name, figures.get("rt0_start_us"), figures.get("musl_start_us"), must), flush=True)
        return
    commands = {"rt0": micro(options, program, name)}
    for peer in peers:
        if other := peer_command(peer, name, options, go):
            commands[peer] = other
    reps = 1 if options.tiny or name in ONCE else max(1, int(os.environ.get("REPS", "5")))
    if NO_PREEMPT in peers and not options.tiny:
        reps = max(reps, PAIRS)
    for procs in PROCS:
        medians = in_turns(commands, {"RT0_MAXPROCS": str(procs), "GOMAXPROCS": str(procs)}, reps)
        for peer in peers:
            theirs = medians.get(peer, {})
            second = "" if peer == peers[0] else f":{peer}"
            for figure in medians["rt0"] or theirs or [name]:
                row_must = must if figure == name and not second else "-"
                print(ratio_row(f"{figure}/{procs}{second}", medians["rt0"].get(figure), theirs.get(figure),
                                row_must), flush=True)


def run_with_peers(options, chosen):
    go = go_peer(options.state) if any(peer == "go" for _, _, peer, _ in chosen) else None
    header = None
    for bench in chosen:
        if bench[2] != header:
            header = bench[2]
            print(f"name rt0 {header} ratio must", flush=True)
        compare(options, bench, go)


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
    chosen = [bench for bench in benches() if not options.names or bench[0] in options.names]
    (run_with_peers if options.peers else run_alone)(options, chosen)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
