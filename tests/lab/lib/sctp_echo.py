#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Answers SCTP messages with the server's name and the message: sctp_echo.py NAME PORT ADDRESS..."""

import socket
import struct
import sys
import threading


def send(connection, message):
    connection.sendall(struct.pack("!I", len(message)) + message)


def receive_exactly(connection, size):
    received = b""
    while len(received) < size:
        piece = connection.recv(size - len(received))
        if not piece:
            raise EOFError
        received += piece
    return received


def receive(connection):
    (size,) = struct.unpack("!I", receive_exactly(connection, 4))
    return receive_exactly(connection, size)


def echo(name, connection):
    with connection:
        try:
            while True:
                send(connection, name.encode() + b" " + receive(connection))
        except (EOFError, OSError):
            pass


def serve(name, listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=echo, args=(name, connection), daemon=True).start()


def listen(address, port):
    """Bound to this one address: the association has no other, and no way past the director."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_SCTP)
    listener.bind((address, port))
    listener.listen(64)
    return listener


def main():
    name, port, addresses = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    servers = [
        threading.Thread(target=serve, args=(name, listen(address, port))) for address in addresses
    ]
    for server in servers:
        server.start()


if __name__ == "__main__":
    main()
