#!/usr/bin/env python3
"""slow_reader.py FAILURE_PROBE: a report longer than the pipe has room, which stands still until it is read.

It is whole, also where the pipe does not block. And what was wrong is right by the time that it is written:
the page is there. The process dies all the same, since everybody else stays frozen.
"""
import fcntl
import os
import resource
import signal
import subprocess
import sys
import tempfile

PAGE = 4096


def said_by(probe, blocks):
    ours, theirs = os.pipe()
    fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, PAGE)
    os.set_blocking(theirs, blocks)
    with tempfile.TemporaryFile() as file, open(ours, "rb", buffering=0) as read:
        env = dict(os.environ, RT0_TRACEBACK="all")
        with subprocess.Popen([probe, "bus-error"], stdin=file, stderr=theirs, env=env) as child:
            os.close(theirs)
            said = read.read(1)
            file.truncate(PAGE)
            while more := read.read(PAGE):
                said += more
            try:
                return said.decode(), child.wait(timeout=20)
            finally:
                child.kill()


def main():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for blocks in (True, False):
        said, status = said_by(sys.argv[1], blocks)
        whole = said.startswith("SIGBUS: bus error\n") and "\nrip " in said and len(said) > 2 * PAGE
        if not whole or status != -signal.SIGBUS:
            print(f"blocks: {blocks}, status {status}\n{said}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
