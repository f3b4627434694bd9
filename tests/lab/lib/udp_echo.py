#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Answers datagrams with the server's name and the datagram: udp_echo.py NAME PORT ADDRESS..."""

import selectors
import socket
import sys


def listen(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_DGRAM)
    # Bound to the VIP, so that answers come from it.
    listener.bind((address, port))
    return listener


def main():
    name, port, addresses = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    waiting = selectors.DefaultSelector()
    for address in addresses:
        waiting.register(listen(address, port), selectors.EVENT_READ)
    while True:
        for key, _ in waiting.select():
            datagram, client = key.fileobj.recvfrom(65535)
            key.fileobj.sendto(name.encode() + b" " + datagram, client)


if __name__ == "__main__":
    main()
