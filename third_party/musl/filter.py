"""Makes rt0's private copy of musl: filter.py LIBC.A FILTERED.TXT PINNED.TXT RENAMED.TXT OUT.A

We know musl by its offsets (struct FILE, __libc, three fields of the TCB), so another build of it is
refused by its checksum. `ar d` would not do: it removes only the first of several members of one name.
"""
import hashlib
import os
import subprocess
import sys
import tempfile

MAGIC = b"!<arch>\n"
HEADER_BYTES = 60


def die(message):
    sys.exit("third_party/musl: " + message)


def members(archive):
    """Yields (name, contents) for each object of a GNU ar archive, without the index and the name table."""
    names, at = b"", len(MAGIC)
    while at < len(archive):
        header = archive[at:at + HEADER_BYTES]
        size = int(header[48:58])
        body = archive[at + HEADER_BYTES:at + HEADER_BYTES + size]
        name = header[:16].rstrip().decode()
        at += HEADER_BYTES + size + size % 2
        if name == "//":
            names = body
        elif name not in ("/", "/SYM64/"):
            if name.startswith("/"):
                name = names[int(name[1:]):].split(b"\n", 1)[0].decode()
            yield name.rstrip("/"), body


def wanted_out(path):
    """{member: None, for all of that name, or the symbol that the one we mean defines}"""
    out = {}
    for number, line in enumerate(open(path), 1):
        entry = line.split("#", 1)[0].strip()
        if entry:
            name, _, symbol = entry.partition(":")
            if name in out:
                die(f"filtered.txt:{number}: {name} stands there twice")
            out[name] = symbol or None
    return out


def renames_in(path):
    """{member: [(symbol, our name for it)]}; the member * is all of them, what they refer to included"""
    out = {}
    for line in open(path):
        entry = line.split("#", 1)[0].split()
        if entry:
            member, symbol, name = entry
            out.setdefault(member, []).append((symbol, name))
    return out


def renamed(member, body, renames):
    """The object with its own definitions under our names."""
    if not renames:
        return body
    for symbol, _ in renames:
        if not defines(body, symbol):
            die(f"renamed.txt: {member} does not define {symbol}")
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        options = [f"--redefine-sym={symbol}={name}" for symbol, name in renames]
        subprocess.run(["objcopy", *options, file.name], check=True)
        return open(file.name, "rb").read()


def defines(body, symbol):
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        nm = subprocess.run(["nm", "--defined-only", file.name], check=True, capture_output=True, text=True)
    return any(line.split()[-1] == symbol for line in nm.stdout.splitlines())


def write(path, objects):
    """A GNU archive with zeroed dates and owners, so that equal inputs give equal bytes."""
    table, offsets = b"", []
    for name, _ in objects:
        offsets.append(len(table))
        table += name.encode() + b"/\n"
    table += b"\n" * (len(table) % 2)
    with open(path, "wb") as out:
        out.write(MAGIC + f"{'//':<48}{len(table):<10}`\n".encode() + table)
        for (_, body), offset in zip(objects, offsets):
            out.write(f"{f'/{offset}':<16}{0:<12}{0:<6}{0:<6}{644:<8}{len(body):<10}`\n".encode())
            out.write(body + b"\n" * (len(body) % 2))
    subprocess.run(["ranlib", "-D", path], check=True)


def rename_everywhere(archive, renames):
    """In every member, definitions and references: what is inside musl goes on calling musl's own."""
    nm = subprocess.run(["nm", archive], check=True, capture_output=True, text=True)
    known = {line.split()[-1] for line in nm.stdout.splitlines() if line}
    absent = sorted({symbol for symbol, _ in renames} - known)
    if absent:
        die("renamed.txt names what no kept member has: " + " ".join(absent))
    options = [f"--redefine-sym={symbol}={name}" for symbol, name in renames]
    subprocess.run(["objcopy", "--enable-deterministic-archives", *options, archive], check=True)
    subprocess.run(["ranlib", "-D", archive], check=True)


def main(libc, filtered, pinned, names, out):
    archive = open(libc, "rb").read()
    checksum, version = open(pinned).read().strip().split(None, 1)
    if hashlib.sha256(archive).hexdigest() != checksum:
        die(f"{os.path.basename(libc)} is not the one of {version} that rt0 knows; see pinned.txt")
    drop = wanted_out(filtered)
    kept, dropped = [], set()
    for name, body in members(archive):
        symbol = drop.get(name, "")
        if name in drop and (symbol is None or defines(body, symbol)):
            dropped.add(name)
        else:
            kept.append((name, body))
    renames = renames_in(names)
    absent = sorted(set(drop) - dropped)
    if absent:
        die("filtered.txt names what libc.a does not hold: " + " ".join(absent))
    everywhere = renames.pop("*", [])
    absent = sorted(set(renames) - {name for name, _ in kept})
    if absent:
        die("renamed.txt names what is not kept: " + " ".join(absent))
    write(out, [(name, renamed(name, body, renames.get(name, []))) for name, body in kept])
    rename_everywhere(out, everywhere)


if __name__ == "__main__":
    main(*sys.argv[1:])
