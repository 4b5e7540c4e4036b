#!/usr/bin/env python3
"""transcript.py RT0DB CHAT_ROOMS README [--update]: a debugging session, really held, as the README shows it.

Two clients of chat_rooms change places until it hangs, then the commands of the README's transcript (the lines
that begin with `$ ` or, in attach, `(rt0) `) are given, and what they answer is compared with what stands
there; --update writes it there. Process ids, ports and addresses differ from run to run, and are made equal.
"""
import os
import re
import socket
import subprocess
import sys
import time

RT0DB, CHAT_ROOMS, README = (os.path.abspath(path) for path in sys.argv[1:4])
BEGIN, END = "    $ rt0 ps", "\n\n"


class Client:
    def __init__(self, address, name):
        self.socket = socket.create_connection(address)
        self.socket.settimeout(50)
        self.say(name)

    def say(self, line):
        self.socket.sendall(line.encode() + b"\n")

    def heard(self):
        """What came until nothing did for a moment."""
        self.socket.settimeout(0.2)
        text = b""
        try:
            while True:
                text += self.socket.recv(4096)
        except socket.timeout:
            return text.decode()


def hang(server):
    """Until neither is told of his own move."""
    host, port = server.stdout.readline().strip().rsplit(":", 1)
    alice, bob = Client((host, int(port)), "alice"), Client((host, int(port)), "bob")
    alice.say("/move")
    for _ in range(10_000):
        alice.say("/move")
        bob.say("/move")
        if not alice.heard() and not bob.heard():
            return alice, bob
    raise AssertionError("it did not hang")


def commands_of(text):
    """[(a command of the shell, the lines that it is given)]"""
    found = []
    for line in text.splitlines():
        if line.startswith("    $ rt0 "):
            found.append((line[len("    $ rt0 "):], []))
        elif line.startswith("    (rt0) ") and found:
            found[-1][1].append(line[len("    (rt0) "):])
    return found


def answer(command, lines, pid):
    words = command.replace("PID", str(pid)).split()
    if lines:
        words += ["-x", "/dev/stdin"]
    done = subprocess.run([RT0DB, *words], input="".join(line + "\n" for line in lines), capture_output=True,
                          text=True, timeout=50)
    assert done.returncode == 0, done
    return done.stdout.replace(str(pid), "PID")


def normal(text):
    text = re.sub(r"0x[0-9a-f]+", "0x?", text)
    return re.sub(r"(goroutine|GOID|^) *\d+", r"\1 ?", text, flags=re.M)
