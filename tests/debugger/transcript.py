#!/usr/bin/env python3
"""transcript.py RT0DB CHAT_ROOMS README [--update]: a debugging session, really held, as the README shows it.

Two clients of chat_rooms change places until it hangs. Then the commands of the transcript (lines that
begin with `$ rt0 ` or, in attach, `(rt0) `) are given, and what they answer is compared with what stands
there; --update writes it there. Process ids, ports and addresses differ from run to run, and are made equal.
"""
import json
import os
import re
import socket
import subprocess
import sys
import time

RT0DB, CHAT_ROOMS, README = (os.path.abspath(path) for path in sys.argv[1:4])



class Client:
    def __init__(self, address, name):
        self.socket = socket.create_connection(address)
        self.say(name)

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
