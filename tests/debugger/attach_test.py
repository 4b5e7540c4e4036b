#!/usr/bin/env python3
"""attach_test.py RT0DB WORKSHOP STATIC SERVER: sessions of rt0 attach, by scripts and through a terminal.

Environment: RT0_HITS (2000; 10,000 when it is to be shown): how often a breakpoint is hit under load.
"""
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

RT0DB, WORKSHOP, STATIC, SERVER = (os.path.abspath(path) for path in sys.argv[1:5])
HITS = int(os.environ.get("RT0_HITS", "2000"))
OK, FAILED, USAGE, NO_PROCESS, NOT_RT0 = range(5)
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "workshop.cc")


def line_of(mark):
    """The line of the workshop's source that ends with this comment."""
    with open(SOURCE) as source:
        for number, line in enumerate(source, 1):
            if re.search(rf"// {re.escape(mark)}$", line):
                return number
    raise AssertionError("no " + mark)


class Workshop:
    def __init__(self, program=WORKSHOP, stderr=None, **environment):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        stderr=stderr, env=dict(os.environ, **environment))
        self.pid = self.process.pid
        assert self.process.stdout.readline() == "ready\n"
        for _ in range(200):  # until both of its goroutines have come to wait
            listed = subprocess.run([RT0DB, "ps", "--json", str(self.pid)], capture_output=True, check=True)
            if all(one["status"] == "waiting" for one in json.loads(listed.stdout)):
                return
        raise AssertionError(listed.stdout)

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def heard(self):
        return self.process.stdout.readline()

    def end(self):
        """Its status when nobody tells it anything any more."""
        self.process.stdin.close()
        return self.process.wait(timeout=50)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        if not self.process.stdin.closed:
            self.process.stdin.close()
        self.process.stdout.close()


class Terminal:
    """A session whose stdin and stdout are a terminal."""

    def __init__(self, pid):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm"
            os.execv(RT0DB, [RT0DB, "attach", str(pid)])
        self.text = ""

    def type(self, text):
        os.write(self.fd, text.encode())

    def expect(self, pattern):
        """What came up to and with this, without what colours and moves the cursor."""
        deadline = time.monotonic() + 20
        while True:
            plain = re.sub(r"\r?\x1b\[[0-9;?]*[A-Za-z]", "", self.text)
            found = re.search(pattern, plain)
            if found:
                self.text = plain[found.end():]
                return plain[:found.end()]
            ready, _, _ = select.select([self.fd], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise AssertionError(f"{pattern!r} did not come: {plain!r}")
            try:
                more = os.read(self.fd, 65536).decode(errors="replace")
            except OSError:
                more = ""
            if not more:
                raise AssertionError(f"{pattern!r} did not come before the end: {plain!r}")
            self.text += more

    def status(self):
        try:
            while os.read(self.fd, 65536):
                pass
        except OSError:
            pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


class Attach(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)

    def script(self, *lines):
        path = os.path.join(self.dir, "script")
        with open(path, "w") as out:
            out.write("".join(line + "\n" for line in lines))
        return path

    def start(self, pid, *lines):
        return subprocess.Popen([RT0DB, "attach", "-x", self.script(*lines), "--batch", str(pid)],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def start_and_continue(self, *arguments):
        """With the program running, or at the first stop."""
        session = self.start(*arguments)
        while session.stdout.readline() != "(rt0) continue\n":
            pass
        return session

    def run_script(self, pid, *lines, status=OK):
        """{the line: what it answered}, in order, as a list."""
        session = self.start(pid, *lines)
        out, err = session.communicate(timeout=100)
        self.assertEqual((session.returncode, err if status == OK else ""), (status, ""), out + err)
        self.error = err
        parts = re.split(r"^\(rt0\) (.*)\n", out, flags=re.M)
        self.out = out
        return list(zip(parts[1::2], parts[2::2]))

    def check_detached(self, pid):
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/status") as status:
                text = status.read()
            self.assertIn("TracerPid:\t0\n", text)
            self.assertNotRegex(text, r"State:\t[tT]")

    def test_looks(self):
        with Workshop() as w:
            answers = dict(self.run_script(w.pid, "goroutines", "goroutine 2", "list", "bt", "frame 1", "up",
                                           "down", "registers", "help", "help break", "breakpoints",
                                           "detach"))
            self.check_detached(w.pid)
            self.assertRegex(answers["goroutines"], r"GOID +STATUS.*\n1 .*\n2 +waiting +chan receive")
            self.assertRegex(answers["goroutine 2"],
                             r"goroutine 2 \[chan receive\]\n#\d+ .*main.*workshop.cc:\d+")
            self.assertRegex(answers["bt"], r"=> #\d+ .*workshop.cc")
            self.assertRegex(answers["registers"], r"rip +0x[0-9a-f]+\n")
            self.assertIn("no breakpoints", answers["breakpoints"])
            self.assertRegex(answers["help"], r"break LOC \[goroutine N\].*\n")
            self.assertEqual(w.end(), 0)

    def test_each_wrong_command_is_one_line(self):
        stripped = os.path.join(self.dir, "stripped")
        subprocess.run(["strip", "-o", stripped, WORKSHOP], check=True)
        whole = ["nonsense", "b", "c x", "goroutine 99", "goroutine x", "frame 77", "up 99", "down 99",
                 "break nowhere", "break nofile.cc:1", "break workshop.cc:9999", "break *0x10",
                 "break main goroutine", "delete 7", "ignore 7 1", "ignore", "watch main",
                 "watch goroutine 99",
                 "list nowhere", "print nonsense", "print", "print n +", "call f", "call nonsense(1)",
                 "call hot(1, 2)", 'call hot("x")']
        without_names = ["break hot", "break workshop.cc:20", "next", "step", "list", "watch goroutine 1",
                         "print n", "call hot(1)"]
        for program, lines in ((WORKSHOP, whole), (stripped, without_names)):
            with Workshop(program) as w:
                for line in lines:
                    with self.subTest(line=line):
                        self.run_script(w.pid, line, "breakpoints", status=FAILED)
                        self.assertRegex(self.error, rf"^{re.escape(self.dir)}/script:1: .+\n$")
                        self.assertNotIn("(rt0) breakpoints", self.out)  # a script ends there
                self.check_detached(w.pid)
                self.assertEqual(w.end(), 0)

    def hits(self, program, procs):
        with Workshop(program, RT0_MAXPROCS=str(procs)) as w:
            session = self.start(w.pid, "break hot", f"ignore 1 {HITS - 1}", "continue", "breakpoints",
                                 "delete", "detach")
            while session.stdout.readline() != "(rt0) continue\n":
                pass
            w.tell(f"hits {HITS} 8")
            out, err = session.communicate(timeout=280)
            self.assertEqual((session.returncode, err), (OK, ""), out)
            self.assertRegex(out, r"breakpoint 1, goroutine \d+\n#\d .*hot\(")
            self.assertIn(f"hit {HITS} times", out)
            self.assertEqual(w.heard(), f"hot was called {HITS} times: {3 * HITS * (HITS + 1) // 2 + HITS}\n")
            self.check_detached(w.pid)
            self.assertEqual(w.end(), 0)

    def test_no_hit_is_lost_or_counted_twice(self):
        for procs in (1, 2, 8):
            with self.subTest(procs=procs):
                self.hits(WORKSHOP, procs)

    def test_not_pie(self):
        self.hits(STATIC, 2)

    def test_a_breakpoint_of_one_goroutine(self):
        with Workshop() as w:
            session = self.start(w.pid, "break hot goroutine 5", "continue", "bt", "continue", "delete",
                                 "detach")
            while session.stdout.readline() != "(rt0) continue\n":
                pass
            w.tell("hits 100000 8")
            out, err = session.communicate(timeout=100)
            self.assertEqual((session.returncode, err), (OK, ""), out)
            self.assertEqual(re.findall(r"breakpoint 1, (.*)", out), ["goroutine 5"] * 2)
            self.assertRegex(w.heard(), "hot was called 100000 times")
            self.assertEqual(w.end(), 0)

    def walk(self, *commands, procs=4):
        """The lines of the workshop at which it came to stand, by each command."""
        with Workshop(RT0_MAXPROCS=str(procs)) as w:
            session = self.start(w.pid, f"break workshop.cc:{line_of('walk:1')}", "continue", "delete",
                                 *commands, "detach")
            while session.stdout.readline() != "(rt0) continue\n":
                pass
            w.tell("walk")
            out, err = session.communicate(timeout=100)
            self.assertEqual((session.returncode, err), (OK, ""), out)
            self.assertEqual(w.heard(), "walk is 19\n")
            self.check_detached(w.pid)
            self.assertEqual(w.end(), 0)
            self.out = out
            parts = re.split(r"^\(rt0\) (.*)\n", out, flags=re.M)[2::2][1:]
            found = [re.search(r"workshop.cc:(\d+)", part) for part in parts]
            return [int(each[1]) if each else None for each in found]

    def test_next_of_a_goroutine_that_moves(self):
        for procs in (1, 2, 4):
            with self.subTest(procs=procs):
                lines = self.walk(*["next"] * 6, procs=procs)
                marks = [line_of(f"walk:{n}") for n in (2, 3, 4)]
                self.assertEqual(lines[:3], marks, self.out)
                self.assertIn(line_of("walk:5"), lines[3:], self.out)
                self.assertNotIn(line_of("walk:never"), lines)

    def test_step_goes_into_calls(self):
        self.walk("step", "bt", "finish", "next", "next", "step", "bt")
        self.assertRegex(self.out,
                         r"\(rt0\) step\n#0  .*ask\(.*\n.*\n\(rt0\) bt\n=> #0 +.*ask.*\n +#1 +.*walk\(")
        self.assertRegex(self.out, r"run until .*ask has returned\n#0 .*walk\(")
        self.assertRegex(self.out, r"\(rt0\) step\n#0  .*deeper\(")

    def test_variables_and_calls(self):
        self.walk("args", "print n + 1", "next", "print a", "locals", "call deeper(4)", "call ask(7)",
                  "call thrower(3)", "call thrower(1)", "print there", "up", "bt")
        for line, answer in (("args", "n = 1\n"), ("print n + 1", "n + 1 = 2\n"), ("print a", "a = 2\n"),
                             ("call deeper(4)", "= 10\n"), ("call ask(7)", "= 8\n"),
                             ("call thrower(3)", "threw std::runtime_error: too much\n"),
                             ("call thrower(1)", "returned\n")):
            self.assertIn(f"(rt0) {line}\n{answer}", self.out)
        self.assertRegex(self.out, r"\(rt0\) locals\n(.*\n)*a = 2\n")

    def test_a_call_at_a_breakpoint_does_not_count_it_again(self):
        with Workshop() as w:
            session = self.start(w.pid, "break hot", "continue", "call deeper(3)", "continue", "breakpoints",
                                 "delete", "detach")
            while session.stdout.readline() != "(rt0) continue\n":
                pass
            w.tell("hits 2 1")
            out, err = session.communicate(timeout=100)
            self.assertEqual((session.returncode, err), (OK, ""), out)
            self.assertIn("hit 2 times", out)
            self.assertRegex(w.heard(), "hot was called 2 times")
            self.assertEqual(w.end(), 0)

    def test_children_go_their_way(self):
        with Workshop() as w:
            session = self.start_and_continue(w.pid, "break hot", "continue", "delete", "detach")
            w.tell("fork")
            out, err = session.communicate(timeout=100)
            self.assertEqual((session.returncode, err), (OK, ""), out)
            self.assertRegex(out, r"breakpoint 1, goroutine 1\n")  # the parent's, after both
            self.assertEqual(w.heard(), "the children ended with 700 and 0\n")
            self.assertEqual(w.end(), 0)

    def test_a_child_born_while_all_are_being_stopped_has_no_traps(self):
        with Workshop() as w:
            session = self.start_and_continue(w.pid, "break hot goroutine 99999", "continue")
            w.tell(f"forks {HITS // 20}")
            self.assertEqual(w.heard(), f"{HITS // 20} children were right\n")
            w.process.stdin.close()
            out, err = session.communicate(timeout=100)
            self.assertEqual((session.returncode, err), (OK, ""), out)
            self.assertEqual(w.process.wait(timeout=50), 0)

    def test_errors_of_the_program(self):
        """They stop the session before the program hears of them, and once."""
        for command, words, place, status in (
                ("fault", "Segmentation fault", "faults", signal.SIGSEGV),
                ("abort", "Aborted", "main", signal.SIGABRT)):
            with self.subTest(command), Workshop(stderr=subprocess.PIPE) as w:
                session = self.start_and_continue(w.pid, "continue", "bt", "continue")
                w.tell(command)
                out, err = session.communicate(timeout=100)
                self.assertEqual((session.returncode, err), (OK, ""), out)
                self.assertRegex(out, rf"^goroutine 1 gets {words}\n#\d+ +.*\b{place}\(")
                self.assertRegex(out, rf"=> #\d+ +.*\b{place}\(")
                self.assertRegex(out, rf"process {w.pid} was ended by {words}\n$")
                self.assertEqual(out.count(" gets "), 1, out)
                self.assertEqual(w.process.wait(timeout=50), -status)
                self.assertIn("goroutine 1 [running", w.process.stderr.read())
                w.process.stderr.close()

    def test_a_fault_that_is_stepped_into(self):
        with Workshop(stderr=subprocess.DEVNULL) as w:
            session = self.start_and_continue(w.pid, "tbreak faults", "continue", "next", "next", "continue")
            w.tell("fault")
            out, err = session.communicate(timeout=100)
            self.assertEqual((session.returncode, err), (OK, ""), out)
            self.assertRegex(out, r"(?s)breakpoint 1.*next.*goroutine 1 gets Segmentation fault\n"
                                  r"#0 .*faults\(.*was ended by Segmentation fault\n$")

    def test_another_program(self):
        with Workshop() as w:
            session = self.start_and_continue(w.pid, "break hot", "continue", "bt")
            w.tell("exec")
            out, err = session.communicate(timeout=100)
            self.assertEqual((session.returncode, err), (OK, ""), out)
            self.assertEqual(out, f"process {w.pid} executes another program, and was let go\n")
            self.assertEqual(w.process.wait(timeout=50), 0)

    def test_signals_of_the_program(self):
        with Workshop() as w:
            session = self.start_and_continue(w.pid, "break hot goroutine 99999", "continue")
            os.kill(w.pid, signal.SIGSTOP)  # stops it as if nobody looked on
            os.kill(w.pid, signal.SIGCONT)
            w.tell("hits 100 2")
            self.assertRegex(w.heard(), "hot was called 100 times")
            os.kill(w.pid, signal.SIGUSR1)
            out, err = session.communicate(timeout=100)
            self.assertEqual(out, f"process {w.pid} was ended by User defined signal 1\n", err)
            self.assertEqual(w.process.wait(timeout=50), -signal.SIGUSR1)

    def test_watch(self):
        with Workshop() as w:
            session = self.start_and_continue(w.pid, "watch goroutine 2", *["continue"] * 2, "breakpoints")
            w.process.stdin.close()
            out, err = session.communicate(timeout=100)
            self.assertEqual((session.returncode, err), (OK, ""), out)
            self.assertRegex(out, r"watch 1, goroutine 2 runs\n(.*\n)*.*watch 1, goroutine 2 ends\n")
            self.assertEqual(w.process.wait(timeout=50), 0)

    def test_the_process_ends(self):
        with Workshop() as w:
            session = self.start_and_continue(w.pid, "continue", "bt")
            w.process.stdin.close()
            out, err = session.communicate(timeout=100)
            self.assertEqual((session.returncode, err), (OK, ""))
            self.assertEqual(out, f"process {w.pid} exited with status 0\n")

    def test_signals_end_it_and_leave_nothing(self):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            with self.subTest(signal=number), Workshop() as w:
                session = subprocess.Popen([RT0DB, "attach", str(w.pid)], stdin=subprocess.PIPE,
                                           stdout=subprocess.PIPE, text=True)
                session.stdin.write("break hot goroutine 99999\ncontinue\n")
                session.stdin.flush()
                while session.stdout.readline() != "(rt0) continue\n":
                    pass
                w.tell("hits 3000 4")
                if number == signal.SIGINT:  # stops the process; the session goes on, and reads on
                    session.send_signal(number)
                    while session.stdout.readline() != "interrupted\n":
                        pass
                    session.stdin.close()
                    self.assertEqual(session.wait(timeout=50), OK)
                else:
                    session.send_signal(number)
                    self.assertEqual(session.wait(timeout=50), -number)
                    session.stdin.close()
                session.stdout.close()
                self.assertRegex(w.heard(), "hot was called 3000 times")
                self.check_detached(w.pid)
                self.assertEqual(w.end(), 0)

    def test_killed_at_the_prompt(self):
        with Workshop() as w:
            session = subprocess.Popen([RT0DB, "attach", str(w.pid)], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True)
            session.stdin.write("break hot\ncontinue\nbreakpoints\n")
            session.stdin.flush()
            while session.stdout.readline() != "(rt0) continue\n":
                pass
            w.tell("hits 1000 4")
            while not session.stdout.readline().startswith("1  hot, hit 1 time"):
                pass
            session.kill()
            session.wait()
            session.stdin.close()
            session.stdout.close()
            self.assertRegex(w.heard(), "hot was called 1000 times")
            self.assertEqual(w.end(), 0)

    def test_terminal(self):
        with Workshop() as w:
            t = Terminal(w.pid)
            t.expect(r"stands still: 2 goroutines.*\n")
            t.expect(r"\(rt0\) ")
            t.type("gorou\t")  # two commands begin so
            t.expect("goroutine")
            t.type("s\r")
            t.expect(r"GOID(.*\n)+.*\(rt0\) ")
            t.type("\x1b[A")  # history
            t.expect("goroutines")
            t.type("\x03")  # Ctrl-C: another line
            t.expect(r"\^C\r\n.*\(rt0\) ")
            t.type("brea\t")
            t.expect("break")
            t.type(" wal\x7f\x7f\x7fmain\r")
            t.expect(r"breakpoint 1: main.*\n.*\(rt0\) ")
            t.type("continue\r")
            t.expect(r"continue\r\n")
            self.wait_running(w.pid)
            t.type("\x03")
            t.expect(r"interrupted\r\n(.*\n)*.*\(rt0\) ")
            t.type("\x04")  # end
            self.assertEqual(t.status(), OK)
            self.check_detached(w.pid)
            self.assertEqual(w.end(), 0)

    def wait_running(self, pid):
        for _ in range(5000):
            with open(f"/proc/{pid}/status") as status:
                if not re.search(r"State:\t[tT]", status.read()):
                    return
            time.sleep(0.002)
        raise AssertionError("it does not run")

    def test_server_under_load(self):
        server = subprocess.Popen([SERVER, "0"], stdout=subprocess.PIPE, text=True)
        try:
            host, port = server.stdout.readline().strip().rsplit(":", 1)
            wrong, answered, over = [], [0], threading.Event()

            def load():
                with socket.create_connection((host, int(port))) as s:
                    while not over.is_set():
                        s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                        text = s.recv(65536)
                        if not text.startswith(b"HTTP/1.1 200"):
                            wrong.append(text)
                            return
                        answered[0] += 1

            threads = [threading.Thread(target=load) for _ in range(4)]
            for t in threads:
                t.start()
            for _ in range(5):
                before = answered[0]
                self.run_script(server.pid, "break rt::net::conn::read", *["continue", "bt"] * 10,
                                "ignore 1 50", "continue", "detach")
                self.check_detached(server.pid)
                self.assertGreater(answered[0], before)
            over.set()
            for t in threads:
                t.join()
            self.assertEqual(wrong, [])
        finally:
            server.kill()
            server.wait()
            server.stdout.close()

    def test_statuses(self):
        def attach(*arguments):
            return subprocess.run([RT0DB, "attach", *arguments], capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL, timeout=50)
        for arguments, status in ((["2000000000"], NO_PROCESS), ([str(os.getpid())], NOT_RT0), ([], USAGE),
                                  (["--batch", "1"], USAGE), (["--nonsense", "1"], USAGE)):
            done = attach(*arguments)
            self.assertEqual(done.returncode, status, done)
            self.assertTrue(done.stderr.startswith("rt0: "))
        with Workshop() as w:
            done = attach("-x", self.dir + "/none", str(w.pid))
            self.assertEqual(done.returncode, FAILED, done)
            self.check_detached(w.pid)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[5:]])
