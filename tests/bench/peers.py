"""The peers: where they are, how they are built, which command is which workload's.

Those in other languages are built with their own tools, into the state folder, when they are first asked for.
A peer that is not there is named on stderr, once, with the Debian packages that it needs.
"""
import os
import shutil
import subprocess

from report import say

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.path.join(HERE, "peers")
ROOT = os.path.dirname(os.path.dirname(HERE))
MIMALLOC = "/usr/lib/x86_64-linux-gnu/libmimalloc.so.2"
GO_PLACES = ("/usr/lib/go-1.23/bin/go", "go")
CRATES = "/usr/share/cargo/registry"  # Debian's, where librust-*-dev puts sources

NEEDS = {
    "go": "golang-1.23-go, of bookworm-backports",
    "tokio": "cargo librust-tokio-dev",
    "boost": "g++ libboost-fiber-dev",
    "mimalloc": "libmimalloc2.0",
    "wrk": "wrk",
}


def found(variable, places):
    """The first of places that is a program; the environment's variable takes precedence."""
    places = [os.environ[variable]] if variable in os.environ else places
    return next((path for place in places if (path := shutil.which(place))), None)


def newest(folder):
    files = (os.path.join(path, file) for path, _, names in os.walk(folder) for file in names)
    return max(os.path.getmtime(file) for file in files)


class Peers:
    def __init__(self, state, binaries, tiny):
        self.state, self.binaries, self.tiny = state, binaries, tiny
        self.built = {}  # what was asked for -> path, or None

    def micro(self, peer, program, name):
        """The command of a workload, None if the peer is not there."""
        tiny = ["--tiny"] if self.tiny else []
        if peer == "rt0":
            return [f"{self.binaries}/tests/bench/micro/{program}", *tiny, name]
        if peer == "no-preempt":  # rt0 itself, without the signal
            return ["env", "RT0_DEBUG=asyncpreemptoff=1", *self.micro("rt0", program, name)]
        if peer == "glibc":
            return [f"{self.binaries}/tests/bench/micro/heap_hosted", *tiny, name]
        if peer == "mimalloc":
            there = self.once(peer, lambda: MIMALLOC if os.path.exists(MIMALLOC) else self.missing(peer))
            return there and ["env", f"LD_PRELOAD={there}", *self.micro("glibc", program, name)]
        if peer == "std::thread":
            same_source = program in ("threads", "files")
            hosted = f"micro/{program}_hosted" if same_source else "peers/micro_thread"
            return [f"{self.binaries}/tests/bench/{hosted}", *tiny, name]
        if peer == "boost":
            there = self.once("boost", self.boost)
            return there and [there, *tiny, name]
        there = self.once(peer, self.tokio) if peer == "tokio" else self.go("micro")
        return there and [f"{there}/micro" if peer == "tokio" else there, name]

    def server(self, peer, kind, port):
        """The command of a server, kind is http or echo; None if the peer is not there."""
        if peer == "rt0":
            program = {"http": "http_hello", "echo": "echo"}[kind]
            return [f"{self.binaries}/tests/examples/io/{program}", port]
        if peer == "rt0-posix":
            return [f"{self.binaries}/tests/bench/net/thread_server", kind, port]
        if peer == "std::thread":
            return [f"{self.binaries}/tests/bench/net/thread_server_hosted", kind, port]
        if peer == "epoll":
            return [f"{self.binaries}/tests/bench/peers/net_epoll", kind, port]
        if peer == "tokio":
            there = self.once("tokio", self.tokio)
            return there and [f"{there}/net", kind, port]
        there = self.go("net")
        return there and [there, "nethttp" if peer == "nethttp" else kind, port]

    def once(self, what, build):
        if what not in self.built:
            self.built[what] = build()
        return self.built[what]

    @staticmethod
    def missing(peer):
        say(f"peer {peer} is not installed (Debian: {NEEDS[peer]}): left out")

    def build(self, peer, target, sources, command, environment=None, cwd=None):
        """Builds target if sources (a file or folder) are newer. Returns it, None if that fails."""
        if os.path.exists(target) and os.path.getmtime(target) >= newest(sources):
            return target
        say(f"building peer {peer}")
        done = subprocess.run(command, env={**os.environ, **(environment or {})}, cwd=cwd, stdout=2)
        if done.returncode != 0:
            say(f"peer {peer} does not build: left out")
            return None
        return target

    def go(self, program):
        go = self.once("go", lambda: found("RT0_GO", GO_PLACES) or self.missing("go"))
        if go is None:
            return None
        environment = {"GOCACHE": os.path.join(self.state, "go-cache"), "GOTOOLCHAIN": "local",
                       "GO111MODULE": "off", "GOFLAGS": ""}
        target, source = os.path.join(self.state, f"{program}_go"), os.path.join(SOURCES, f"{program}.go")
        command = [go, "build", "-o", target, source]
        return self.once(program, lambda: self.build("go", target, SOURCES, command, environment))

    def boost(self):
        header = os.environ.get("RT0_BOOST", "/usr/include/boost/fiber/all.hpp")
        if shutil.which("g++") is None or not os.path.exists(header):
            return self.missing("boost")
        target, source = os.path.join(self.state, "micro_boost"), os.path.join(SOURCES, "micro_boost.cc")
        command = ["g++", "-std=c++20", "-O2", "-I", ROOT, source, "-o", target, "-lboost_fiber",
                   "-lboost_context", "-pthread"]
        return self.build("boost", target, HERE, command)

    def tokio(self):
        """The folder that has tokio's programs. Cargo writes beside its manifest, so it gets a copy."""
        cargo = found("RT0_CARGO", ["cargo"])
        crates = os.listdir(CRATES) if os.path.isdir(CRATES) else []
        if cargo is None or not any(name.startswith("tokio-1") for name in crates):
            return self.missing("tokio")
        crate, target = os.path.join(self.state, "tokio"), os.path.join(self.state, "tokio-target")
        shutil.copytree(os.path.join(SOURCES, "tokio"), crate, dirs_exist_ok=True)
        command = [cargo, "build", "--offline", "--release", "--quiet",
                   "--config", 'source.crates-io.replace-with="debian"',
                   "--config", f'source.debian.directory="{CRATES}"']
        built = self.build("tokio", os.path.join(target, "release", "micro"), os.path.join(SOURCES, "tokio"),
                           command, {"CARGO_TARGET_DIR": target}, cwd=crate)
        return built and os.path.dirname(built)
