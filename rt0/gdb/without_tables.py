"""Frames of code without unwind tables, which all of musl is, for gdb.

As a report and tools/rt0db go over them (runtime/unwind/accessor.h, in C++): the return address is the first
word on the stack that points behind a call of the function, or, should there be none, behind another call;
what the function pushed at its entry gives back the registers of its caller. gdb itself would guess, and
guess wrong.
"""
import bisect
import re
import struct

import gdb
import gdb.unwinder

MAX_FRAME = 16 << 10
MAX_CALL = 7
PUSHED_BY = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"] + [f"r{n}" for n in range(8, 16)]
KEPT = ["rbx", "rbp", "r12", "r13", "r14", "r15"]
CALL_REL32, GROUP5, LEA = 0xE8, 0xFF, 0x8D
REGISTER_MOVES = (0x89, 0x8B, LEA, 0x31, 0x63)  # mov, lea, xor, movslq


def memory(address, size):
    return bytes(gdb.selected_inferior().read_memory(address, size))


class Code:
    """The program's text and what its .eh_frame_hdr (LSB) covers, at the addresses of this run."""

    def __init__(self):
        files = gdb.execute("info files", to_string=True)

        def section(name):
            found = re.search(rf"(0x\w+) - (0x\w+) is {re.escape(name)}$", files, re.M)
            return (int(found[1], 16), int(found[2], 16)) if found else (0, 0)

        self.ranges = [section(name) for name in (".plt", ".text", "rt0_text")]
        self.table, _ = section(".eh_frame_hdr")
        count = struct.unpack("<I", memory(self.table + 8, 4))[0] if self.table else 0
        words = struct.unpack(f"<{2 * count}i", memory(self.table + 12, 8 * count))
        self.starts, self.fdes = words[::2], words[1::2]

    def holds(self, pc):
        return any(start <= pc < end for start, end in self.ranges)

    def has_table(self, pc):
        at = bisect.bisect_right(self.starts, pc - self.table) - 1
        if at < 0:
            return False
        (size,) = struct.unpack("<I", memory(self.table + self.fdes[at] + 12, 4))  # pc_range
        return pc - self.table < self.starts[at] + size

    def call_before(self, pc):
        """Whether a call ends there, and of what if that is said directly (else 0)."""
        if not self.holds(pc) or not self.holds(pc - MAX_CALL):
            return False, 0
        code = memory(pc - MAX_CALL, MAX_CALL)
        if code[-5] == CALL_REL32:
            target = pc + struct.unpack("<i", code[-4:])[0]
            return self.holds(target), target
        return any(code[-n] == GROUP5 and code[1 - n] & 0x38 == 0x10 for n in (2, 3, 4, 6, 7)), 0


def operand_bytes(code, i):
    mod, rm = code[i] >> 6, code[i] & 7
    if mod == 3:
        return 1
    has_index = rm == 4
    far = mod == 2 or (mod == 0 and (rm == 5 or (has_index and code[i + 1] & 7 == 5)))
    return 1 + has_index + (4 if far else mod)


def effect_at_entry(code, until):
    """The registers that a function pushes when it is entered, in their order; and how many bytes lie below
    its return address when the instruction at `until` runs, at least."""
    found, depth, only_pushes, i, longest = [], 0, True, 0, 12
    while i + longest <= len(code):
        if code[i:i + 3] == b"\xf3\x0f\x1e" or (code[i:i + 3] == b"\x66\x0f\xef" and code[i + 3] >= 0xC0):
            i += 4  # endbr64, pxor
            continue
        done = i < until
        rex = code[i] if code[i] & 0xF0 == 0x40 else 0
        i += rex != 0
        op, i = code[i], i + 1
        if op & 0xF8 == 0x50:
            if only_pushes:
                found.append(PUSHED_BY[op & 7 | (rex & 1) << 3])
            depth += 8 * done
        elif op in REGISTER_MOVES:
            i += operand_bytes(code, i)
        elif op & 0xF8 == 0xB8 and rex & 8 == 0:
            i += 4  # mov of a constant
        elif op == 0x83 and rex & 8 and code[i] == 0xEC and code[i + 1] < 0x80:
            only_pushes = False
            depth += code[i + 1] * done  # sub of rsp
            i += 2
        elif op == 0x81 and rex & 8 and code[i] == 0xEC and code[i + 4] < 0x80:
            only_pushes = False
            depth += int.from_bytes(code[i + 1:i + 5], "little") * done
            i += 5
        else:
            break
    return found, depth


class FrameId:
    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class Unwinder(gdb.unwinder.Unwinder):
    def __init__(self):
        super().__init__("rt0 code without tables")
        self.code = None
        gdb.events.cont.connect(lambda _event: self.forget())

    def forget(self):
        self.code = None

    def __call__(self, pending):
        if self.code is None:
            self.code = Code()
        word = gdb.lookup_type("unsigned long")
        pc, sp = (int(pending.read_register(r).cast(word)) for r in ("rip", "rsp"))
        # A frame that waits for a call to return may go on in the next function.
        if not self.code.holds(pc) or self.code.has_table(pc) or self.code.has_table(pc - 1):
            return None
        symbol = re.match(r"\S+(?: \+ (\d+))? in section", gdb.execute(f"info symbol {pc}", to_string=True))
        entry = pc - int(symbol[1] or 0) if symbol else 0
        pushed, depth = effect_at_entry(memory(entry, 64), pc - entry) if entry != 0 else ([], 0)
        place = self.return_place(sp, entry, depth)
        if place == 0:
            return None
        frame = FrameId(gdb.Value(place).cast(word), gdb.Value(entry or pc).cast(word))
        info = pending.create_unwind_info(frame)
        registers = {r: int(pending.read_register(r).cast(word)) for r in KEPT}
        for i, name in enumerate(pushed):
            if name in registers and place - 8 * (i + 1) >= sp:
                registers[name] = self.word(place - 8 * (i + 1))
        registers["rip"], registers["rsp"] = self.word(place), place + 8
        for name, value in registers.items():
            info.add_saved_register(name, gdb.Value(value).cast(word))
        return info

    @staticmethod
    def word(address):
        return struct.unpack("<Q", memory(address, 8))[0]

    def return_place(self, sp, entry, depth):
        likely = unlikely = 0
        for place in range(sp, sp + MAX_FRAME, 8):
            try:
                ends_call, target = self.code.call_before(self.word(place))
            except gdb.MemoryError:
                break
            if ends_call and target == entry != 0:
                return place
            if ends_call and place < sp + depth:
                unlikely = unlikely or place
            elif ends_call:
                likely = likely or place
        return likely or unlikely


gdb.unwinder.register_unwinder(gdb.current_objfile(), Unwinder(), replace=True)
