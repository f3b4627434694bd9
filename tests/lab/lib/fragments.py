#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sends datagrams that are too large for a packet, and says how many came back whole.

fragments.py VIP PORT ORDER COUNT: ORDER is that of the fragments of each datagram on the wire:

    kernel    the first one first, as the kernel sends them
    reversed  the last one first
    headless  all but the first

Its only line: "sent 20, answered 20"; an answer is "<server> <the datagram>".
"""

import os
import random
import socket
import struct
import sys

SIZE = 4000
STEP = 1200  # Bytes of a fragment: a multiple of 8.


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def datagram(local, remote, payload):
    """With UDP's header, and its checksum over the pseudo-header."""
    family = socket.AF_INET6 if ":" in local[0] else socket.AF_INET
    length = 8 + len(payload)
    pseudo = b"".join(socket.inet_pton(family, end[0]) for end in (local, remote))
    pseudo += struct.pack("!II", length, socket.IPPROTO_UDP)
    header = struct.pack("!HHHH", local[1], remote[1], length, 0)
    check = checksum(pseudo + header + payload) or 0xFFFF
    return header[:6] + struct.pack("!H", check) + payload


def fragments(local, remote, whole):
    """Each with its IP header."""
    identification = random.getrandbits(16) or 1
    ends = [local[0], remote[0]]
    for at in range(0, len(whole), STEP):
        part = whole[at : at + STEP]
        more = at + STEP < len(whole)
        if ":" in local[0]:
            yield (
                struct.pack("!IHBB", 6 << 28, 8 + len(part), socket.IPPROTO_FRAGMENT, 64)
                + b"".join(socket.inet_pton(socket.AF_INET6, end) for end in ends)
                + struct.pack("!BBHI", socket.IPPROTO_UDP, 0, at | more, identification)
                + part
            )
        else:
            yield (
                struct.pack(
                    "!BBHHHBBH",
                    0x45,
                    0,
                    20 + len(part),
                    identification,
                    at // 8 | (0x2000 if more else 0),
                    64,
                    socket.IPPROTO_UDP,
                    0,  # The kernel fills it in.
                )
                + b"".join(socket.inet_pton(socket.AF_INET, end) for end in ends)
                + part
            )


def send_raw(raw, sender, remote, payload, order):
    local = sender.getsockname()
    pieces = list(fragments(local, remote, datagram(local, remote, payload)))
    pieces = pieces[:0:-1] if order == "headless" else pieces[::-1]
    for piece in pieces:
        raw.sendto(piece, (remote[0], 0))


def main():
    vip, port, order, count = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    family = socket.AF_INET6 if ":" in vip else socket.AF_INET
    raw = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
    answered = 0
    for _ in range(count):
        with socket.socket(family, socket.SOCK_DGRAM) as sender:
            sender.connect((vip, port))
            sender.settimeout(0.05 if order == "headless" else 2)
            payload = os.urandom(SIZE)
            if order == "kernel":
                sender.send(payload)
            else:
                send_raw(raw, sender, (vip, port), payload, order)
            try:
                answered += sender.recv(65535).split(b" ", 1)[1] == payload
            except OSError:
                pass
    print(f"sent {count}, answered {answered}")


if __name__ == "__main__":
    main()
