"""Goroutines in gdb: info goroutines; goroutine N COMMAND; goroutine all COMMAND.

Live and in cores, by the program's own DWARF. Where a goroutine that does not run is, its gobuf says: an
unwinder of ours tells gdb that the selected thread's innermost frame was called from there, so that all
commands on frames work, nothing is written into the process, and the thread's own frame is hidden. One that
runs is where the thread is whose %fs points at it.
"""
import contextlib
import re

import gdb
import gdb.printing
import gdb.unwinder

STATUSES = {1: "runnable", 2: "running", 3: "syscall", 4: "waiting"}
WAITING = 4
KIND_SYSTEM = 2
CHAN_IS_CLOSED = 1


def loaded(atomic):
    """A std::atomic's value, of a number or of a pointer."""
    fields = [field.name for field in atomic.type.strip_typedefs().fields()]
    if "_M_b" in fields:
        return atomic["_M_b"]["_M_p"]
    return atomic["_M_i"]


def status_of(g):
    """Without the bit that RT0_DEBUG=check=1 has there (runtime/sched/watch.h)."""
    return int(loaded(g["status"])) & 0xFF


def all_gs():
    """Each g that is not dead, as a gdb.Value, in the order of their ids."""
    allgs, blocks = gdb.parse_and_eval("rt0::allgs"), gdb.parse_and_eval("rt0::allg_blocks")
    near = allgs["near"]
    near_places = near.type.range()[1] + 1
    block_places = loaded(blocks[0]).dereference().type.range()[1] + 1
    sched = gdb.parse_and_eval("rt0::sched")
    left_behind, forked = int(sched["last_goid_of_parent"]), int(sched["forked"])
    found = []
    for i in range(int(loaded(allgs["length"]))):
        place = near[i]
        if i >= near_places:
            place = loaded(blocks[i // block_places]).dereference()[i % block_places]
        g = loaded(place).dereference()
        if status_of(g) not in STATUSES or int(g["kind"]) == KIND_SYSTEM:
            continue
        if int(g["goid"]) <= left_behind and int(g.address) != forked:
            continue
        found.append(g)
    return sorted(found, key=lambda g: int(g["goid"]))


def doing(g):
    """What a report says of it between the brackets."""
    status = status_of(g)
    if status != WAITING:
        return STATUSES[status]
    return gdb.parse_and_eval("rt0::wait_reason_text")[int(g["why"])].string()


class FrameId:
    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class Unwinder(gdb.unwinder.Unwinder):
    """From the innermost frame of the selected thread to where `gobuf` says."""

    def __init__(self):
        super().__init__("rt0 goroutines")
        self.gobuf = None

    def begin(self, gobuf):
        gdb.invalidate_cached_frames()
        self.gobuf = None
        innermost = gdb.newest_frame()
        self.sp, self.pc = int(innermost.read_register("rsp")), int(innermost.read_register("rip"))
        self.hidden = 1  # frames that are the thread's: the innermost, and what is inlined there
        while innermost.type() == gdb.INLINE_FRAME:
            innermost = innermost.older()
            self.hidden += 1
        self.gobuf = gobuf
        gdb.invalidate_cached_frames()

    def first(self):
        """The goroutine's innermost frame; None: gdb cannot go there."""
        frame = gdb.newest_frame()
        for _ in range(self.hidden):
            frame = frame and frame.older()
        return frame

    def end(self):
        self.gobuf = None
        gdb.invalidate_cached_frames()

    def __call__(self, pending):
        if self.gobuf is None:
            return None
        if (int(pending.read_register("rsp")), int(pending.read_register("rip"))) != (self.sp, self.pc):
            return None
        word = gdb.lookup_type("unsigned long")
        sp = self.gobuf["sp"].cast(word)
        info = pending.create_unwind_info(FrameId(sp, gdb.Value(self.pc).cast(word)))
        for register, field in (("rsp", "sp"), ("rip", "pc"), ("rbp", "bp")):
            info.add_saved_register(register, self.gobuf[field].cast(word))
        return info


UNWINDER = Unwinder()
gdb.unwinder.register_unwinder(gdb.current_objfile(), UNWINDER, replace=True)


def without_hidden(text):
    """A backtrace's text less the thread's own frames; the others counted anew."""
    kept = []
    for frame in re.split(r"^(?=#\d+ )", text, flags=re.M):
        head = re.match(r"#(\d+) *", frame)
        if head and int(head.group(1)) >= UNWINDER.hidden:
            number = f"#{int(head.group(1)) - UNWINDER.hidden}"
            kept.append(f"{number:<{len(head.group(0))}}{frame[head.end():]}")
    return "".join(kept)


def thread_of(g):
    """Selects the thread whose %fs is the goroutine; False: there is none."""
    for thread in gdb.selected_inferior().threads():
        thread.switch()
        if int(gdb.newest_frame().read_register("fs_base")) == int(g.address):
            return True
    return False


@contextlib.contextmanager
def innermost_frame(g):
    """The goroutine's; None: nobody knows. Selected is what was before, afterwards."""
    thread, level = gdb.selected_thread(), gdb.selected_frame().level()
    try:
        if int(g["sched"]["sp"]) != 0:
            UNWINDER.begin(g["sched"])
            yield UNWINDER.first()
        else:
            yield gdb.newest_frame() if thread_of(g) else None
    finally:
        UNWINDER.end()
        thread.switch()
        gdb.execute(f"frame {level}", to_string=True)


def run_in(g, command):
    """The command's output, run where the goroutine is."""
    trace = re.match(r"(bt|backtrace|where)(\s+(\d+))?\s*$", command)
    with innermost_frame(g) as frame:
        if frame is None:
            return "(it was being switched: its registers are nowhere)\n"
        frame.select()
        if trace and UNWINDER.gobuf is not None:
            if trace.group(3):
                command = f"{trace.group(1)} {int(trace.group(3)) + UNWINDER.hidden}"
            return without_hidden(gdb.execute(command, to_string=True))
        return gdb.execute(command, to_string=True)


def own_function(g):
    """The innermost function of the program's own, as text."""
    core = [int(gdb.parse_and_eval(f"(unsigned long)&__{end}_rt0_text")) for end in ("start", "stop")]
    with innermost_frame(g) as frame:
        while frame is not None and frame.is_valid():
            symtab = frame.find_sal().symtab
            if not core[0] <= frame.pc() < core[1] and symtab and "/c++/" not in symtab.filename:
                name = frame.name() or "?"
                if not re.match(r"(rt|rt0|std)::|rt0_|__", name):
                    return f"{name} at {symtab.filename}:{frame.find_sal().line}"
            frame = frame.older()
    return "?"


class InfoGoroutines(gdb.Command):
    """List the goroutines: id, what each does, where (if they are not very many), and who made it."""

    def __init__(self):
        super().__init__("info goroutines", gdb.COMMAND_STACK, gdb.COMPLETE_NONE)

    def invoke(self, _argument, _from_tty):
        very_many = 500
        gs = all_gs()
        for g in gs:
            mark = "*" if status_of(g) in (2, 3) else " "
            where = f" {own_function(g)}" if len(gs) < very_many else ""
            parent = int(g["parent_goid"])
            made = f", by goroutine {parent}" if parent else ""
            print(f"{mark} {int(g['goid'])} [{doing(g)}]{where}{made}")


class Goroutine(gdb.Command):
    """goroutine N COMMAND, goroutine all COMMAND: run a command, such as bt, where the goroutine is."""

    def __init__(self):
        super().__init__("goroutine", gdb.COMMAND_STACK, gdb.COMPLETE_NONE)

    def invoke(self, argument, _from_tty):
        match = re.match(r"\s*(\d+|all)\s+(\S.*)$", argument)
        if not match:
            raise gdb.GdbError("usage: goroutine N|all COMMAND")
        which, command = match.groups()
        chosen = [g for g in all_gs() if which in ("all", str(int(g["goid"])))]
        if not chosen:
            raise gdb.GdbError(f"no goroutine {which}")
        for g in chosen:
            if which == "all":
                print(f"goroutine {int(g['goid'])} [{doing(g)}]:")
            print(run_in(g, command), end="" if which != "all" else "\n")


def waiting_in(queue):
    """The ids of the goroutines of a channel's queue."""
    ids, sudog = [], queue["first"]
    while int(sudog) != 0:
        ids.append(int(sudog["ticket"]["gp"]["goid"]))
        sudog = sudog["next"]
    return ids


class ChanPrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        pointer = self.value["c_"]
        if int(pointer) == 0:
            return "nil channel"
        c = pointer.cast(gdb.lookup_type("rt0::hchan").pointer())
        text = f"channel {hex(int(pointer))}, {int(c['count'])} of {int(c['capacity'])}"
        if int(c["bits"]) & CHAN_IS_CLOSED:
            text += ", closed"
        for name, queue in (("receivers", c["recvq"]), ("senders", c["sendq"])):
            ids = waiting_in(queue)
            if ids:
                text += f", {name}: goroutines {', '.join(map(str, ids))}"
        return text


class MutexPrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        state = int(loaded(self.value["word_"]["value_"]))
        return "mutex, " + {0: "free", 1: "locked", 2: "locked, waited for"}.get(state, f"word {state}")


class WaitGroupPrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        return f"wait_group, {int(loaded(self.value['count_']['value_']))} to be done"


def printers():
    collection = gdb.printing.RegexpCollectionPrettyPrinter("rt0")
    collection.add_printer("chan", "^rt::chan<.*>$", ChanPrinter)
    collection.add_printer("mutex", "^rt::mutex$", MutexPrinter)
    collection.add_printer("wait_group", "^rt::wait_group$", WaitGroupPrinter)
    return collection


InfoGoroutines()
Goroutine()
gdb.printing.register_pretty_printer(gdb.current_objfile(), printers(), replace=True)
