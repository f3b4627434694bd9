#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A protocol whose server speaks first, behind PROXY protocol 2.

speaks_first.py PORT: the server. It greets whoever connects, then wants the header, and a line.
speaks_first.py VIP PORT: a client, which says nothing before it has been greeted.
"""

import socket
import struct
import sys
import threading

GREETING = b"hello"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def read_exactly(stream, size):
    data = stream.read(size)
    if len(data) != size:
        raise EOFError(f"{len(data)} of {size} bytes")
    return data


def answer(connection):
    with connection, connection.makefile("rb") as stream:
        connection.sendall(GREETING)
        start = read_exactly(stream, 16)
        read_exactly(stream, struct.unpack("!H", start[14:])[0])
        line = stream.readline().strip()
        said = b"you said " + line if start[:12] == SIGNATURE else b"no header"
        connection.sendall(b", " + said)


def serve(port):
    listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    while True:
        threading.Thread(target=answer, args=listener.accept()[:1], daemon=True).start()


def ask(vip, port):
    with socket.create_connection((vip, port), 10) as connection:
        connection.settimeout(10)
        greeting = connection.recv(len(GREETING), socket.MSG_WAITALL)
        connection.sendall(greeting + b"\n")
        rest = b""
        while more := connection.recv(100):
            rest += more
        print((greeting + rest).decode())


if len(sys.argv) == 2:
    serve(int(sys.argv[1]))
else:
    ask(sys.argv[1], int(sys.argv[2]))
