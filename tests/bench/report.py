"""What the benches' scripts share: turns, medians, rows, and whether a program failed."""
import statistics
import sys

PROCS = (1, 2)
failed = False


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def failure(text):
    """A program failed: the others still run, and the status says so."""
    global failed
    failed = True
    say(text)


def median_figures(rounds):
    """[{figure: (value, unit)}] -> {figure: (median, unit)}; a round without the figure does not count."""
    names = {name: unit for figures in rounds for name, (_, unit) in figures.items()}
    return {name: (statistics.median(f[name][0] for f in rounds if name in f), unit)
            for name, unit in names.items()}


def in_turns(names, reps, measure):
    """measure(name) -> {figure: (value, unit)}, reps times each. Each round begins with another of them.

    Returns {name: {figure: (median, unit)}}.
    """
    results = {name: [] for name in names}
    order = list(names)
    for _ in range(reps):
        for name in order:
            results[name].append(measure(name))
        order = order[1:] + order[:1]
    return {name: median_figures(rounds) for name, rounds in results.items()}


def print_row(label, ours, theirs, must):
    """`name rt0 PEER ratio must`; a dash where there is nothing."""
    value = f"{ours[0]:.4g}" if ours else "-"
    peer = f"{theirs[0]:.4g}" if theirs else "-"
    ratio = f"{ours[0] / theirs[0]:.3f}" if ours and theirs and theirs[0] else "-"
    print(f"{label} {value} {peer} {ratio} {must}", flush=True)


def print_rows(figure, procs, medians, peers, must):
    """A row for each peer; the first has the must."""
    ours = medians["rt0"].get(figure)
    for peer in peers:
        theirs = medians.get(peer, {}).get(figure)
        if peer == peers[0]:
            print_row(f"{figure}/{procs}", ours, theirs, must)
        else:
            print_row(f"{figure}/{procs}:{peer}", ours, theirs, "-")
