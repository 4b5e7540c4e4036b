"""memcached_load.py PORT KEYS CLIENTS: clients store keys and read them back; status 1 if one is wrong"""
import hashlib
import socket
import sys
import threading
import time

wrong = []


def connect(port):
    for _ in range(100):
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            time.sleep(0.05)  # the server starts
    raise ConnectionRefusedError(port)


def client(port, number, keys):
    with connect(port) as stream, stream.makefile("rb") as answers:
        for i in range(keys):
            key = b"k%d_%d" % (number, i)
            value = hashlib.sha256(key).hexdigest().encode() * (1 + i % 50)
            stream.sendall(b"set %s 0 0 %d\r\n%s\r\nget %s\r\n" % (key, len(value), value, key))
            lines = [answers.readline() for _ in range(4)]
            if lines[0] != b"STORED\r\n" or lines[2].strip() != value or lines[3] != b"END\r\n":
                wrong.append(key)


def main(port, keys, clients):
    threads = [threading.Thread(target=client, args=(port, number, keys)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with connect(port) as stream, stream.makefile("rb") as answers:
        stream.sendall(b"stats\r\n")
        stats = {}
        while (line := answers.readline().split()) != [b"END"]:
            stats[line[1]] = line[2]
    print(f"{len(wrong)} wrong, {stats[b'curr_items'].decode()} items")
    sys.exit(1 if wrong or int(stats[b"curr_items"]) != keys * clients else 0)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
