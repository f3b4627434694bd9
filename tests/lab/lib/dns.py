#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A name server with one answer, and a client that checks it (RFC 1035, RFC 6891).

dns.py serve NAME PORT ADDRESS...: answers each query for TXT with NAME and as many more bytes as the
first label of the question says: 900.example. is one that nothing but EDNS has room for.

dns.py ask ADDRESS PORT COUNT: asks COUNT questions, from a port of its own each, as resolvers do. Its
last line says who has answered: "answered 100: 50 server1, 50 server2". It exits 0 if all were.
"""

import collections
import os
import selectors
import socket
import struct
import sys

TXT, IN, OPT = 16, 1, 41
TIMEOUT_S = 5
# A VIP of the director's own comes and goes with the daemon.
FREEBIND = {socket.AF_INET: (socket.SOL_IP, 15), socket.AF_INET6: (socket.IPPROTO_IPV6, 78)}


def name_of(labels):
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def texts_of(text):
    pieces = [text[at : at + 255] for at in range(0, len(text), 255)]
    return b"".join(bytes([len(piece)]) + piece for piece in pieces)


def query(number, size):
    question = name_of([b"%d" % size, b"example"]) + struct.pack("!HH", TXT, IN)
    extended = b"\0" + struct.pack("!HHIH", OPT, 1232, 0, 0)
    return struct.pack("!6H", number, 0x0100, 1, 0, 0, 1) + question + extended


def answer(server, asked):
    number, flags = struct.unpack("!HH", asked[:4])
    end = asked.index(b"\0", 12) + 5
    size = int(asked[13 : 13 + asked[12]])
    texts = texts_of(server.encode() + b" " + b"x" * size)
    record = struct.pack("!HHHIH", 0xC00C, TXT, IN, 60, len(texts)) + texts
    return struct.pack("!6H", number, flags | 0x8400, 1, 1, 0, 0) + asked[12:end] + record


def server_in(answered, asked, size):
    """Whoever has answered; a ValueError where it is no answer to that."""
    end = asked.index(b"\0", 12) + 5
    if answered[:2] != asked[:2] or answered[12:end] != asked[12:end]:
        raise ValueError("it answers another question")
    texts, text = answered[end + 12 :], b""
    while texts:
        text += texts[1 : 1 + texts[0]]
        texts = texts[1 + texts[0] :]
    server, _, more = text.partition(b" ")
    if more != b"x" * size:
        raise ValueError("its text is not whole")
    return server.decode()


def ask(address, port, size):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    asked = query(int.from_bytes(os.urandom(2), "big"), size)
    with socket.socket(family, socket.SOCK_DGRAM) as flow:
        flow.settimeout(TIMEOUT_S)
        flow.connect((address, port))
        flow.send(asked)
        return server_in(flow.recv(2048), asked, size)


def ask_all(address, port, count):
    tally = collections.Counter(ask(address, port, (0, 300, 900)[i % 3]) for i in range(count))
    spread = ", ".join(f"{times} {server}" for server, times in sorted(tally.items()))
    print(f"answered {count}: {spread}")


def listen(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_DGRAM)
    listener.setsockopt(*FREEBIND[family], 1)
    listener.bind((address, port))
    return listener


def serve(server, port, addresses):
    waiting = selectors.DefaultSelector()
    for address in addresses:
        waiting.register(listen(address, port), selectors.EVENT_READ)
    while True:
        for key, _ in waiting.select():
            asked, client = key.fileobj.recvfrom(2048)
            key.fileobj.sendto(answer(server, asked), client)


def main():
    verb, who, port, rest = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
    if verb == "serve":
        serve(who, port, rest)
    else:
        ask_all(who, port, int(rest[0]))


if __name__ == "__main__":
    main()
