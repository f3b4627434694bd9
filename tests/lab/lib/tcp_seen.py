#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a host gets by TCP, as it is on its wire, before any filter.

tcp_seen.py INTERFACE PORT: a line for each packet to the port, after a line "listening":

    S from 192.0.2.1:1024 client 10.0.0.1:40000 mss 1460 data 0

"client" is who TCP option 254 says that it is, "-" where there is none; likewise "mss".
"""

import ipaddress
import socket
import struct
import sys

IPV4, IPV6 = 0x0800, 0x86DD
FLAGS = "FSRPA"


def tcp_of(frame):
    """The source address and the TCP segment; None: it is something else."""
    (kind,) = struct.unpack_from("!H", frame, 12)
    packet = frame[14:]
    if kind == IPV4 and packet[9] == socket.IPPROTO_TCP:
        (total,) = struct.unpack_from("!H", packet, 2)
        return packet[12:16], packet[(packet[0] & 15) * 4 : total]
    if kind == IPV6 and packet[6] == socket.IPPROTO_TCP:
        (length,) = struct.unpack_from("!H", packet, 4)
        return packet[8:24], packet[40 : 40 + length]
    return None


def options_of(header):
    """Kind -> body."""
    options, at = {}, 20
    while at < len(header) and header[at]:
        if header[at] == 1:
            at += 1
            continue
        options[header[at]] = header[at + 2 : at + header[at + 1]]
        at += header[at + 1]
    return options


def endpoint(address, port):
    host = ipaddress.ip_address(address)
    return f"{host}:{port}" if host.version == 4 else f"[{host}]:{port}"


def describe(source, segment):
    length = (segment[12] >> 4) * 4
    options = options_of(segment[:length])
    told, mss = options.get(254), options.get(2)
    flags = "".join(name for bit, name in enumerate(FLAGS) if segment[13] >> bit & 1)
    client = endpoint(told[2:], *struct.unpack_from("!H", told)) if told else "-"
    return (
        f"{flags} from {endpoint(source, *struct.unpack_from('!H', segment))} client {client} "
        f"mss {struct.unpack('!H', mss)[0] if mss else '-'} data {len(segment) - length}"
    )


def main(interface, port):
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    wire.bind((interface, 0))
    print("listening", flush=True)
    while True:
        frame, sender = wire.recvfrom(65536)
        found = tcp_of(frame) if sender[2] != socket.PACKET_OUTGOING else None
        if found and struct.unpack_from("!H", found[1], 2)[0] == port:
            print(describe(*found), flush=True)


main(sys.argv[1], int(sys.argv[2]))
