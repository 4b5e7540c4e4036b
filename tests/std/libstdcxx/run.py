"""run.py: libstdc++'s own tests of threads and waiting, compiled for rt0 and run.

The tests are those of Debian's gcc-12-source, unpacked where --state says, never copied into this tree. Each
one that the suite would run (dejagnu.py says how we know) is compiled, by the compiler of an install tree,
with the package's own testsuite/util, and must end with status 0. Tests that only compile say nothing about
a runtime and are left out.

known_failures.txt names the tests that do not pass, each with its reason. A failure that it does not name is
what this program is for; a test that it names and that passes is an error too, so that the list stays true.
The last line is `N passed, N failed`; status 1 if one failed that is not known.

A sample (--sample N) is drawn by --seed, by default from the commit, so that CI sees other tests with each
change, and the same ones when it repeats itself.
"""
import argparse
import concurrent.futures
import fnmatch
import glob
import os
import random
import subprocess
import sys
import tarfile

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import dejagnu  # noqa: E402

HERE = os.path.dirname(os.path.realpath(__file__))
PACKAGE = "/usr/src/gcc-12/gcc-12*.tar.xz"
WANTED = ("30_threads/*", "29_atomics/*wait_notify*")
UNPACKED = ("30_threads/", "29_atomics/", "util/")
HOOKS = ("testsuite_hooks.cc", "testsuite_allocator.cc")  # what the suite links to every test
# Without optimization a test compiles twice as quickly, and its threads meet at the same places.
FLAGS = ["-O0", "-g0", "-w", "-D_GNU_SOURCE", "-D_GLIBCXX_ASSERT",
         "-ffunction-sections", "-fdata-sections"]
TEXT = {"text": True, "errors": "replace"}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("tests", nargs="*", help="patterns of paths below testsuite/ (default: all)")
    parser.add_argument("--cxx", default="g++", help="the compiler: an install tree's bin/rt0-g++")
    parser.add_argument("--state", required=True, help="a folder for the sources and programs")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--timeout", type=int, default=60, help="seconds that a test may take")
    parser.add_argument("--sample", type=int, default=0, help="so many, chosen by the seed; 0: all")
    parser.add_argument("--seed", default="", help="of the sample (default: the commit)")
    parser.add_argument("--compare", action="store_true", help="run each test on plain g++ and glibc as well")
    parser.add_argument("--list", action="store_true", help="print the tests and run nothing")
    return parser.parse_args()


def unpack(state):
    """The package's testsuite/, unpacked once: its folder."""
    tree = os.path.join(state, "testsuite")
    if os.path.exists(tree):
        return tree
    packages = glob.glob(PACKAGE)
    if not packages:
        sys.exit("libstdcxx: no " + PACKAGE + ": install gcc-12-source")
    os.makedirs(tree + ".new", exist_ok=True)
    with tarfile.open(packages[0]) as archive:
        for member in archive:
            _, found, path = member.name.partition("/libstdc++-v3/testsuite/")
            if found and path.startswith(UNPACKED) and member.isfile():
                member.name = path
                archive.extract(member, tree + ".new")
    os.rename(tree + ".new", tree)
    return tree


def runnable(tree, patterns):
    """{path: its dejagnu.Test} of the tests that the suite would run here."""
    out = {}
    for folder, _, names in os.walk(tree):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), tree)
            if not name.endswith(".cc") or not any(fnmatch.fnmatch(path, p) for p in patterns):
                continue
            test = dejagnu.Test(open(os.path.join(tree, path), encoding="latin-1").read())
            if test.action == "run" and not test.skipped:
                out[path] = test
    return dict(sorted(out.items()))


def known_failures():
    """{path: reason}"""
    out = {}
    for line in open(os.path.join(HERE, "known_failures.txt")):
        path, _, reason = line.partition(" ")
        if path.strip() and not path.startswith("#"):
            out[path] = reason.strip()
    return out


class Suite:
    def __init__(self, name, cxx, tree, state, timeout):
        self.cxx, self.tree, self.timeout = cxx, tree, timeout
        self.programs = os.path.join(state, name)
        os.makedirs(self.programs, exist_ok=True)
        self.hooks = [self._hook(source) for source in HOOKS]

    def _compile(self, out, sources, options):
        command = [self.cxx, *FLAGS, *options, "-I", os.path.join(self.tree, "util"), *sources, "-o", out]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, **TEXT)

    def _hook(self, source):
        out = os.path.join(self.programs, source + ".o")
        made = self._compile(out, [os.path.join(self.tree, "util", source)], ["-c"])
        if made.returncode != 0:
            sys.exit(f"libstdcxx: {source} does not compile:\n{made.stderr}")
        return out

    def run(self, path, test):
        """Compiles and runs one test: "" if it passes, else what happened."""
        program = os.path.join(self.programs, path.replace("/", "_")[:-3])
        sources = [os.path.join(self.tree, path), *self.hooks]
        made = self._compile(program, sources, test.options)
        if made.returncode != 0:
            return "does not compile\n" + tail(made.stderr)
        try:
            ran = subprocess.run([program], cwd=self.programs, timeout=self.timeout, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **TEXT)
        except subprocess.TimeoutExpired as late:
            return f"still runs after {self.timeout} s\n" + tail((late.stdout or b"").decode("latin-1"))
        os.remove(program)
        return f"status {ran.returncode}\n{tail(ran.stdout)}" if ran.returncode != 0 else ""


def tail(text, lines=15):
    return "\n".join("    " + line for line in text.rstrip().split("\n")[-lines:] if line)


def commit():
    shown = subprocess.run(["git", "-C", HERE, "rev-parse", "HEAD"], capture_output=True, text=True)
    return shown.stdout.strip()[:12] or "0"


def chosen(tests, count, seed):
    """A sample of the tests; its seed is printed so that it can be drawn again."""
    if count == 0 or count >= len(tests):
        return tests
    print(f"libstdcxx: {count} of {len(tests)} tests, --seed {seed}", flush=True)
    names = random.Random(seed).sample(sorted(tests), count)
    return {name: tests[name] for name in sorted(names)}


def main():
    options = arguments()
    state = os.path.abspath(options.state)
    tree = unpack(state)
    tests = runnable(tree, options.tests or WANTED)
    tests = chosen(tests, options.sample, options.seed or commit())
    if options.list:
        print("\n".join(tests))
        return 0
    suites = [Suite("rt0", options.cxx, tree, state, options.timeout)]
    if options.compare:
        suites.append(Suite("glibc", "g++", tree, state, options.timeout))
    known = known_failures()
    passed = failed = unexpected = on_glibc = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for path, results in zip(tests, pool.map(lambda p: [s.run(p, tests[p]) for s in suites], tests)):
            for result, where in zip(results[1:], (" on glibc",)):
                on_glibc += not result
                if result:
                    print(f"FAILED{where}: {path}: {result}", flush=True)
            if not results[0]:
                passed += 1
                if path in known:
                    unexpected += 1
                    print(f"FAILED: {path} passes, but known_failures.txt says: {known[path]}", flush=True)
                continue
            failed += 1
            unexpected += path not in known
            print(f"{'known' if path in known else 'FAILED'}: {path}: {results[0]}", flush=True)
    if options.compare:
        print(f"on glibc: {on_glibc} passed, {len(tests) - on_glibc} failed")
    print(f"{passed} passed, {failed} failed")
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(main())
