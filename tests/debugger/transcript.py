#!/usr/bin/env python3
"""transcript.py RT0DB CHAT_ROOMS README [--update]: a debugging session, really held, as the README shows it.

Two clients of chat_rooms change places until it hangs. Then the commands of the README's transcript (lines
that begin with `$ rt0 ` or, in attach, `(rt0) `) are given, and what they answer is compared with what stands
there; --update writes it there. What differs from run to run is made equal: ids of processes, ports,
addresses, ids of goroutines by what they do, and who of the two clients is in which of the two rooms.
"""
import itertools
import json
import os
import re
import socket
import subprocess
import sys
import time

RT0DB, CHAT_ROOMS, README = (os.path.abspath(path) for path in sys.argv[1:4])
BEGIN, INDENT = "    $ rt0 ps", "    "


class Client:
    def __init__(self, address, name):
        self.socket = socket.create_connection(address)
        self.say(name)
        heard = b""
        while not heard.endswith(f"* {name} is in lobby\n".encode()):  # before anybody can be in the way
            heard += self.socket.recv(1 << 16)

    def say(self, line):
        self.socket.sendall(line.encode() + b"\n")

    def forget(self):
        """Reads what has come."""
        try:
            while self.socket.recv(1 << 16, socket.MSG_DONTWAIT):
                pass
        except BlockingIOError:
            pass


def hang(server):
    """Both change rooms until they wait for each other; a third one looks on, and has said his name only."""
    host, port = server.stdout.readline().strip().rsplit(":", 1)
    clients = [Client((host, int(port)), name) for name in ("alice", "bob", "carol")]
    clients[0].say("/move")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for client in clients[:2] * 20:
            client.say("/move")
        for client in clients:
            client.forget()
        listed = json.loads(subprocess.check_output([RT0DB, "ps", "--json", str(server.pid)]))
        if [g["reason"] for g in listed].count("mutex lock") == 2:
            return clients
    raise AssertionError("it did not hang")


def transcript_in(readme):
    """(what stands before, its lines, what stands behind)"""
    before, found, rest = readme.partition(BEGIN)
    lines = (found + rest).split("\n")
    count = next(i for i, line in enumerate(lines) if not line.startswith(INDENT))
    return before, [line[len(INDENT):] for line in lines[:count]], "\n".join(lines[count:])


def commands_of(lines):
    """[(a command of the shell, the lines that it is given)]"""
    found = []
    for line in lines:
        if line.startswith("$ rt0 "):
            found.append((line[len("$ rt0 "):], []))
        elif line.startswith("(rt0) "):
            found[-1][1].append(line[len("(rt0) "):])
    return found


def listed(text):
    """The ids of ps's table: of those that do the same the lower first, whoever has done what before."""
    rows = [re.split(" {2,}", line) for line in text.splitlines() if re.match(r"\d+ +\w", line)]
    return [row[0] for row in sorted(rows, key=lambda row: (row[4], int(row[0])))]


def run(words, lines=()):
    words = [RT0DB, *words] + (["--batch", "-x", "/dev/stdin"] if lines else [])
    done = subprocess.run(words, input="".join(line + "\n" for line in lines), capture_output=True, text=True,
                          timeout=50)
    assert done.returncode == 0, done
    return done.stdout


def held(lines, pid):
    """The transcript's commands again, with this process: the lines as they would stand in the README."""
    there, here = listed("\n".join(lines)), listed(run(["ps", str(pid)]))
    assert not there or len(there) == len(here), (there, here)
    number = dict(zip(there, here))
    text = ""
    for command, inside in commands_of(lines):
        inside = [re.sub(r"(?<=goroutine )\d+", lambda m: number.get(m[0], m[0]), line) for line in inside]
        text += f"$ rt0 {command}\n" + run(command.replace("PID", str(pid)).split(), inside)
    return text.replace(str(pid), "PID").splitlines()


def normal(lines):
    text = "\n".join(lines)
    for place, goid in enumerate(listed(text)):
        text = re.sub(rf"(goroutine |^){goid}\b", rf"\1#{place}", text, flags=re.M)
    rows = [line for line in text.splitlines() if re.match(r"#\d+ +waiting", line)]
    text = "\n".join(line for line in text.splitlines() if line not in rows) + "\n".join(sorted(rows))
    text = re.sub(r"0x[0-9a-f]+", "0x?", text)
    text = re.sub(r"127\.0\.0\.1:\d+", "ADDRESS", text)
    return re.sub(r" +", " ", text)


def variants(text):
    """With the clients, the rooms, or both named the other way round."""
    for pairs in itertools.product((None, ("alice", "bob")), (None, ("lobby", "games"))):
        changed = text
        for pair in filter(None, pairs):
            changed = re.sub("|".join(pair), lambda m: pair[1 - pair.index(m[0])], changed)
        yield changed


def main():
    with open(README) as file:
        before, lines, behind = transcript_in(file.read())
    server = subprocess.Popen([CHAT_ROOMS], stdout=subprocess.PIPE, text=True)
    try:
        clients = hang(server)
        now = held(lines, server.pid)
        del clients
    finally:
        server.kill()
        server.wait()
    if "--update" in sys.argv:
        with open(README, "w") as file:
            file.write(before + "\n".join((INDENT + line).rstrip() for line in now) + "\n" + behind)
        return
    strip = [line.rstrip() for line in now]
    if normal(strip) not in variants(normal(lines)):
        sys.exit("the session is another now (--update writes it):\n" + "\n".join(strip))


main()
