"""Where glibc's headers and musl's disagree: compare.py HEADERS.TXT KNOWN.TXT [--all]

A program on rt0 is compiled against glibc's headers and linked with musl's code, so every size, offset and
constant in which the two differ is a lie until something cures it. Both sets of headers go through one
compiler: struct layouts come from clang's own dump of every complete record, constants from every macro that
is an integer constant in both, types from every typedef. A difference that KNOWN.TXT does not list, with its
cure, is an error, and so is a line of it that is true no more. --all prints all in KNOWN.TXT's form.

KNOWN.TXT: `struct NAME GLIBC MUSL  # cure` and `type` likewise for sizes in bytes, `member STRUCT.MEMBER` for
offsets, `constant NAME` for values.
"""
import os
import re
import subprocess
import sys
import tempfile

CLANG = "clang-19"
MUSL = "/usr/include/x86_64-linux-musl"
GLIBC = ["/usr/include", "/usr/include/x86_64-linux-gnu"]

RECORD = re.compile(r"^\s+0 \| (?:struct|union) (\w+)(?: \(empty\))?$|^\s+0 \| (\w+)$")
FIELD = re.compile(r"^\s*(\d+)(?::[\d-]+)? \|(\s+)(.*)$")
SIZE = re.compile(r"\[sizeof=(\d+)")
MACRO = re.compile(r"^#define ([A-Za-z]\w*) (\S.*)$")
VALUE = "(long long)(NAME) + 0 * sizeof(char[(NAME) || 1])"  # not an address
SIZE_OF = "sizeof(NAME)"
ERROR_LINE = re.compile(r"^[^:]+:(\d+):\d+: (?:fatal )?error:", re.MULTILINE)


def clang(options, path):
    command = [CLANG, "-w", "-ferror-limit=0", "-D_GNU_SOURCE", *options, path]
    run = subprocess.run(command, capture_output=True, text=True)
    return run.stdout, run.stderr


def includes(headers):
    return "".join(f"#include <{header}>\n" for header in headers)


def layouts(options, path):
    """{struct: size} and {struct.member: offset}, the named members of the outermost level."""
    out, errors = clang([*options, "-fsyntax-only", "-Xclang", "-fdump-record-layouts-complete"], path)
    if ERROR_LINE.search(errors):
        sys.exit(errors)
    sizes, offsets = {}, {}
    for record in out.split("*** Dumping AST Record Layout\n")[1:]:
        lines = record.splitlines()
        head = RECORD.match(lines[0])
        if not head:
            continue  # anonymous
        name = head[1] or head[2]
        for line in lines[1:]:
            field = FIELD.match(line)
            if field and len(field[2]) == 3 and " " in field[3]:
                offsets[f"{name}.{field[3].split()[-1]}"] = int(field[1])
            if size := SIZE.search(line):
                sizes[name] = int(size[1])
    return sizes, offsets


def macros(options, path):
    out, _ = clang([*options, "-E", "-dM"], path)
    return {match[1] for match in map(MACRO.match, out.splitlines()) if match}


def typedefs(options, path):
    """The names of types: whatever ends a typedef."""
    out, _ = clang([*options, "-E", "-P"], path)
    text = re.sub(r"\s+", " ", out)
    plain = re.findall(r"\btypedef [^;{}]*?\b([a-z]\w*) ?(?:\[[^]]*\])?;", text)
    return set(plain + re.findall(r"} ([a-z]\w*);", text))


def constants(options, folder, headers, names, form):
    """{name: value} of the names whose form is an integer constant, by leaving out what does not compile."""
    path = os.path.join(folder, "constants.c")
    head = includes(headers)
    names = sorted(names)
    while True:
        body = "".join(f"const long long rt0_{name} = {form.replace('NAME', name)};\n" for name in names)
        open(path, "w").write(head + body)
        out, errors = clang([*options, "-O0", "-S", "-o", "-"], path)
        first = head.count("\n") + 1
        bad = {int(number) - first for number in ERROR_LINE.findall(errors)}
        if not bad:
            break
        names = [name for at, name in enumerate(names) if at not in bad]
    found = re.findall(r"^rt0_(\w+):\n\s+\.quad\s+(\S+)", out, re.MULTILINE)
    return {name: int(value) for name, value in found if re.fullmatch(r"-?\d+", value)}


def differences(header_list):
    headers = [line.strip() for line in open(header_list) if line.strip() and line[0] != "#"]
    resource = subprocess.check_output([CLANG, "-print-resource-dir"], text=True).strip()
    glibc = []
    musl = ["-nostdinc", "-isystem", MUSL, "-isystem", resource + "/include"]
    musl += [option for folder in GLIBC for option in ("-idirafter", folder)]  # linux/, asm/
    found, counts = {}, []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "all.c")
        open(path, "w").write(includes(headers))
        names = macros(glibc, path) & macros(musl, path)
        types = typedefs(glibc, path) & typedefs(musl, path)
        tables = [
            (*layouts(options, path), constants(options, folder, headers, names, VALUE),
             constants(options, folder, headers, types, SIZE_OF)) for options in (glibc, musl)
        ]
    for kind, here, there in zip(("struct", "member", "constant", "type"), *tables):
        shared = here.keys() & there.keys()
        counts.append(f"{len(shared)} {kind}s")
        for name in shared:
            if here[name] != there[name]:
                found[kind, name] = (here[name], there[name])
    return found, ", ".join(counts)


def known_in(path):
    known = {}
    for number, line in enumerate(open(path), 1):
        words, _, cure = line.partition("#")
        if not words.strip():
            continue
        kind, name, *values = words.split()
        if not cure.strip() or len(values) != 2:
            sys.exit(f"{path}:{number}: KIND NAME GLIBC MUSL # cure")
        known[kind, name] = values
    return known


def main(header_list, known_path, *options):
    found, counts = differences(header_list)
    known, used, failed = known_in(known_path), set(), 0
    for (kind, name), values in sorted(found.items()):
        explained = known.get((kind, name)) == [str(value) for value in values]
        if explained:
            used.add((kind, name))
        if not explained or "--all" in options:
            print(kind, name, *values)
        failed += not explained
    for line in sorted(known.keys() - used):
        print("known.txt:", *line, "differs no more, or otherwise")
        failed += 1
    print(f"{counts} are in both; {len(found)} differ, {failed} without an explanation")
    sys.exit(1 if failed or not found else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
