"""Checks of STYLE that a compiler and Bazel cannot make: tidy.py [ROOT] | tidy.py --self-test

Each finding is one line, FILE:LINE: RULE; status 1 if there is one. Functions end where indentation says so:
enough for code laid out as ours is. Each rule has snippets that it must find and others that it must let
pass (the self-test runs them), since a check that cannot fail says nothing.
"""
import os
import re
import subprocess
import sys

MAX_FILE_LINES, MAX_WIDTH, MAX_FUNCTION_LINES, MAX_ROUTINE_LINES = 500, 110, 70, 120
CXX, ASM, SCRIPT = (".cc", ".cpp", ".c", ".h"), (".S",), (".py", ".sh", ".bzl")
SOURCES = CXX + ASM + SCRIPT

NOT_A_FUNCTION = re.compile(r"\s*((if|else|for|while|switch|do|catch|namespace|struct|class|enum|union)\b|})")
FUNCTION = re.compile(r"(\s{0,4})[A-Za-z_~\[:].*\{\s*(//.*)?$")
ROUTINE = re.compile(r"(?:(?:FUNCTION|ENTRY|ROUTINE)\((\w+)\)|([A-Za-z_]\w*):)")
ASM_STATEMENT = re.compile(r"(?<![)\w] )(?<![)\w])\b(asm|__asm__|__asm)\s*(volatile|goto)?\s*\(")
RAW_SYSCALL = re.compile(r"\b(raw_syscall|syscall[0-6])\s*\(|\bint\s+\$0x80|^\s*(syscall|sysenter)\s*$")
NUMBER = r"-?(0x[0-9a-fA-F]+|\d+)"
BARE_OFFSET = re.compile(rf"^(?!\s*lea).*((?<![\w$]){NUMBER}\(%(?!rsp|rbp|rip)|%[fg]s:{NUMBER}(?!\w))")
MACHINE_PATH = re.compile(r"(?<![\w.$}~-])/(home|root|work|Users)/\w")
LEFT_OVER = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")


HEADERS = {
    "liburing.h": ("runtime/io", "sys"),
    "libunwind.h": ("runtime/unwind", "tools"),
    "doctest/doctest.h": ("tests",),
}


def under(path, *folders):
    return any(path.startswith(folder + "/") for folder in folders)


def code_of(line):
    """The line without its // comment and without the insides of its string literals."""
    line = re.sub(r'"(\\.|[^"\\])*"', '""', line)
    return line.split("//", 1)[0]


def walls(path, code, line):
    """Yields what this line may not say in this folder."""
    if ASM_STATEMENT.search(code) and not under(path, "rt0", "tests"):
        yield "asm only in rt0/"
    if RAW_SYSCALL.search(code) and not under(path, "rt0", "sys", "tests"):
        yield "raw system calls only in rt0/ and sys/"
    for header, folders in HEADERS.items():
        if re.match(rf'\s*#\s*include\s*[<"]{re.escape(header)}', line) and not under(path, *folders):
            yield f"<{header}> only in {' and '.join(folders)}"


def long_functions(lines, is_asm):
    """Yields (line number, name, limit) of each function that is too long."""
    if is_asm:
        starts = [(n, m.group(1) or m.group(2)) for n, line in enumerate(lines) if (m := ROUTINE.match(line))]
        for (start, name), (end, _) in zip(starts, starts[1:] + [(len(lines), "")]):
            body = [n for n in range(start, end) if code_of(lines[n]).strip()]
            if body and body[-1] - start + 1 > MAX_ROUTINE_LINES:
                yield start, name, MAX_ROUTINE_LINES
        return
    for start, line in enumerate(lines):
        match = FUNCTION.match(line)
        if not match or "(" not in line and ")" not in line or NOT_A_FUNCTION.match(line):
            continue
        indent = match.group(1)
        if line.startswith(indent + ": "):  # a constructor's initialisers, four columns inside of it
            indent = indent[:-4]
        close = indent + "}"
        end = next((n for n in range(start + 1, len(lines)) if lines[n].startswith(close)), start)
        if end - start + 1 > MAX_FUNCTION_LINES:
            yield start, line.strip(), MAX_FUNCTION_LINES


def check(path, text):
    """Yields (line number from 1, rule) for one source file."""
    lines = text.splitlines()
    suffix = os.path.splitext(path)[1]
    if len(lines) > MAX_FILE_LINES:
        yield len(lines), f"{len(lines)} lines, more than {MAX_FILE_LINES}"
    if suffix in ASM and not under(path, "rt0", "tests"):
        yield 1, "asm only in rt0/"
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_WIDTH:
            yield number, f"{len(line)} columns, more than {MAX_WIDTH}"
        if LEFT_OVER.search(line):
            yield number, "left over for later"
        if MACHINE_PATH.search(line):
            yield number, "a path of one machine"
        if suffix in CXX:
            yield from ((number, rule) for rule in walls(path, code_of(line), line))
        if suffix in ASM:
            code = code_of(line).split("#", 1)[0]
            if BARE_OFFSET.search(code):
                yield number, "a bare offset: numbers come from layout.h"
            if RAW_SYSCALL.search(code) and not under(path, "rt0", "sys", "tests"):
                yield number, "raw system calls only in rt0/ and sys/"
    if suffix in CXX + ASM:
        for start, name, limit in long_functions(lines, suffix in ASM):
            yield start + 1, f"{name[:60]}: more than {limit} lines"


def without_readme(paths):
    """Folders that hold sources and no README.md."""
    folders = {os.path.dirname(p) for p in paths if p.endswith(CXX + ASM + (".py", ".sh"))}
    return sorted(f for f in folders if f and f"{f}/README.md" not in paths)


def tree_files(root):
    """What git knows, or would if it were added; every file where there is no git."""
    git = ["git", "-c", "safe.directory=*", "-C", root, "ls-files", "-z"]
    git += ["--cached", "--others", "--exclude-standard"]
    try:
        known = subprocess.run(git, check=True, capture_output=True)
        listing = known.stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        listing = [os.path.relpath(os.path.join(folder, name), root) for folder, _, names in os.walk(root)
                   for name in names]
        listing = [p for p in listing if not p.startswith((".git/", ".rt0/", "bazel-"))]
    return sorted(p for p in set(listing) if p and os.path.isfile(os.path.join(root, p)))


def is_source(path):
    """By its suffix, or a script by its place."""
    return path.endswith(SOURCES) or (under(path, "tools", ".ci") and "." not in os.path.basename(path))


def tidy(root):
    findings, paths = [], tree_files(root)
    for path in filter(is_source, paths):
        with open(os.path.join(root, path), errors="replace") as file:
            findings += [f"{path}:{number}: {rule}" for number, rule in check(path, file.read())]
    findings += [f"{folder}/README.md:1: missing" for folder in without_readme(set(paths))]
    return findings


# (path, text, what must be found; "" for nothing)
SNIPPETS = [
    ("runtime/a.cc", "int a;\n" * 501, "501 lines"),
    ("runtime/a.cc", "int a;\n" * 500, ""),
    ("runtime/a.cc", "//" + "-" * 109, "111 columns"),
    ("runtime/a.cc", "void f() {\n" + "  g();\n" * 69 + "}\n", "void f() {: more than 70"),
    ("runtime/a.cc", "void f() {\n" + "  g();\n" * 68 + "}\n", ""),
    ("runtime/a.cc", "s::s(int a)\n    : a_(a) {\n  g();\n}\n" + "int a;\n" * 90 + "void f() {\n}\n", ""),
    ("runtime/a.cc", "s::s(int a)\n    : a_(a) {\n" + "  g();\n" * 70 + "}\n", "more than 70"),
    ("runtime/a.cc", "namespace n(a) {\n" + "int a;\n" * 90 + "}\n", ""),
    ("runtime/a.h", "struct s {\n  int f(int a) const {\n" + "    g();\n" * 70 + "  }\n};\n", "more than 70"),
    ("runtime/a.h", "struct s {\n  int f() const;\n" + "  int a;\n" * 90 + "};\n", ""),
    ("runtime/a.cc", 'extern "C" {\n' + "void f();\n" * 90 + "}\n", ""),
    ("runtime/a.cc", 'extern "C" void f(int a) {\n' + "  g();\n" * 70 + "}\n", "more than 70"),
    ("rt0/amd64/a.S", "f:\n" + "  nop\n" * 120, "f: more than 120"),
    ("rt0/amd64/a.S", "f:\n" + "  nop\n" * 100 + "g:\n" + "  nop\n" * 100, ""),
    ("runtime/a.cc", 'asm volatile("nop");', "asm only"),
    ("runtime/a.cc", '__asm__("nop" ::: "memory");', "asm only"),
    ("runtime/a.cc", 'int f() asm("g");', ""),
    ("runtime/a.cc", "// asm volatile (\"nop\") is elsewhere", ""),
    ("rt0/amd64/a.h", 'asm volatile("nop");', ""),
    ("runtime/a.S", "f:\n", "asm only"),
    ("runtime/libc/a.cc", "return raw_syscall(1, 2, 3, 4);", "raw system calls"),
    ("sys/a.cc", "return raw_syscall(1, 2, 3, 4);", ""),
    ("runtime/libc/a.cc", "long syscall(long number, ...) {", ""),
    ("runtime/sched/a.cc", "#include <liburing.h>", "<liburing.h> only"),
    ("runtime/io/a.cc", "#include <liburing.h>", ""),
    ("runtime/sched/a.cc", "#include <libunwind.h>", "<libunwind.h> only"),
    ("tools/rt0db/a.cc", "#include <libunwind.h>", ""),
    ("runtime/sched/a.cc", "#include <doctest/doctest.h>", "<doctest/doctest.h> only"),
    ("tests/a.cc", "#include <doctest/doctest.h>", ""),
    ("rt0/amd64/a.S", "  movq 0x38(%rdi), %rsp", "bare offset"),
    ("rt0/amd64/a.S", "  movq 8(%rax), %rsp", "bare offset"),
    ("rt0/amd64/a.S", "  movq %fs:0x120, %rax", "bare offset"),
    ("rt0/amd64/a.S", "  leaq 8(%rbx), %rsi", ""),
    ("rt0/amd64/a.S", "  movq GOBUF_SP(%rdi), %rsp  // was 8(%rdi)", ""),
    ("rt0/amd64/a.S", "  movq -8(%rsp), %rax\n  movq 16(%rbp), %rax\n  movq %fs:TCB_SELF, %rax", ""),
    ("tools/a.sh", "cd /ho" + "me/me", "a path of one machine"),
    ("tools/a.sh", "cd $HERE/ho" + "me/a", ""),
    ("sys/a.cc", "int a;  // TO" + "DO", "left over"),
]


def self_test():
    bad = []
    for path, text, wanted in SNIPPETS:
        found = [rule for _, rule in check(path, text)]
        if (wanted and not any(wanted in rule for rule in found)) or (not wanted and found):
            bad.append(f"{path}: wanted {wanted or 'nothing'!r}, found {found}: {text[:60]!r}")
    if without_readme({"a/b.cc", "c/d.cc", "c/README.md"}) != ["a"]:
        bad.append("without_readme")
    if not tidy_finds_in_a_tree():
        bad.append("tidy sees no file of a tree without git")
    return bad


def tidy_finds_in_a_tree():
    import tempfile
    with tempfile.TemporaryDirectory() as root:
        os.mkdir(f"{root}/sys")
        with open(f"{root}/sys/a.cc", "w") as file:
            file.write("#include <doctest/doctest.h>\n")
        return len(tidy(root)) == 2


def main(arguments):
    findings = self_test() if arguments == ["--self-test"] else tidy(arguments[0] if arguments else ".")
    print("\n".join(findings), end="\n" if findings else "")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
