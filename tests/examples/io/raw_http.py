"""raw_http.py PORT: requests that no client of the shelf sends, and the statuses that they must get."""

import socket
import sys

OK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\n"

CASES = [
    (OK, [200]),
    (OK * 3, [200, 200, 200]),
    (OK * 1000, [200] * 1000),
    (b"\r\n" + OK + b"\r\n" + OK, [200, 200]),
    (POST + b"Content-Length: 5\r\n\r\nabcde" + OK, [200, 200]),
    (POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde" + OK, [200, 200]),
    (POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n", [100, 200]),
    (b"GET / HTTP/1.0\r\n\r\n" + OK, [200]),
    (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + OK, [200, 200]),
    (b"GET / HTTP/1.1\r\nHost: x\r\nConnection: x, CLOSE\r\n\r\n" + OK, [200]),
    (b"", []),
    (OK[:-2], []),
    (b"hello\r\n\r\n" + OK, [400]),
    (b"GET /\r\n\r\n", [400]),
    (b"GET / HTTP/2.0\r\n\r\n", [400]),
    (b"GET / HTTP/1.1\r\n\r\n", [400]),
    (b"GET / HTTP/1.1\n\n", [400]),
    (b"G\0T / HTTP/1.1\r\nHost: x\r\n\r\n", [400]),
    (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", [400]),
    (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", [400]),
    (b"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", [400]),
    (b"GET / HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n", [400]),
    (POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde", [400]),
    (POST + b"Content-Length: -5\r\n\r\n", [400]),
    (POST + b"Content-Length: \r\n\r\n", [400]),
    (POST + b"Content-Length: 99999999999999999999999\r\n\r\n", [413]),
    (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [501]),
    (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 4000 + b"\r\n", [431]),
    (b"x" * 20000, [431]),
]


def statuses(port, request, piece):
    """The statuses of what comes back for the request, sent in pieces."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for at in range(0, len(request), piece):
                s.sendall(request[at : at + piece])
            s.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all was sent
        got = b""
        while more := s.recv(65536):
            got += more
    return [int(part.split()[0]) for part in got.split(b"HTTP/1.1 ")[1:]]


def main():
    port = int(sys.argv[1])
    for request, wanted in CASES:
        for piece in [len(request) or 1] + ([1] if len(request) < 300 else []):
            got = statuses(port, request, piece)
            if got != wanted:
                sys.exit(f"{request[:100]!r} in pieces of {piece}: {got}, not {wanted}")


main()
