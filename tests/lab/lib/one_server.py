#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The proof that a handshake, and all that follows it, is never split between servers.

one_server.py LEAST PORT VIP... NAME=FILE...: reads what tcpdump wrote on each real server. For each
client's 4-tuple every packet must be on one server: SYN, data, FIN of either side, last ACK, RST
and each retransmission. It also counts what it has seen, and fails where that would make the proof
hollow: fewer than LEAST connections, no retransmissions, only one side that ever closes first.
"""

import collections
import ipaddress
import struct
import sys

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
Segment = collections.namedtuple("Segment", "source sport target dport seq ack flags length")


def frames(path):
    """The frames of a pcap file as tcpdump writes it: microseconds, Ethernet."""
    with open(path, "rb") as file:
        data = file.read()
    magic, _, _, _, _, _, link = struct.unpack_from("<IHHiIII", data)
    if (magic, link) != (0xA1B2C3D4, 1):
        sys.exit(f"{path}: not a capture of Ethernet in this machine's byte order")
    at = 24
    while at + 16 <= len(data):
        _, _, kept, _ = struct.unpack_from("<IIII", data, at)
        yield data[at + 16 : at + 16 + kept]
        at += 16 + kept


def parse(frame):
    """The TCP segment in a frame, or None."""
    kind = struct.unpack_from("!H", frame, 12)[0]
    if kind == 0x0800 and frame[23] == 6:
        start = 14 + (frame[14] & 15) * 4
        size = struct.unpack_from("!H", frame, 16)[0] - (start - 14)
        source, target = frame[26:30], frame[30:34]
    elif kind == 0x86DD and frame[20] == 6:
        start, size = 54, struct.unpack_from("!H", frame, 18)[0]
        source, target = frame[22:38], frame[38:54]
    else:
        return None
    sport, dport, seq, ack, offset, flags = struct.unpack_from("!HHIIBB", frame, start)
    return Segment(source, sport, target, dport, seq, ack, flags, size - (offset >> 4) * 4)


class Connection:
    def __init__(self):
        self.servers = set()
        self.heard = collections.Counter()  # What the client sent that takes up sequence numbers.
        self.closed_first = None
        self.server_fin = None
        self.syn = self.last_ack = self.reset = False

    def add(self, server, segment, from_client):
        if from_client:
            self.servers.add(server)
            self.syn |= bool(segment.flags & SYN)
            self.reset |= bool(segment.flags & RST)
            if segment.length or segment.flags & (SYN | FIN):
                self.heard[(segment.seq, segment.length, segment.flags & (SYN | FIN))] += 1
            if self.server_fin is not None and segment.ack == self.server_fin:
                self.last_ack = True
        elif segment.flags & FIN:
            self.server_fin = (segment.seq + segment.length + 1) % 2**32
        if segment.flags & FIN and self.closed_first is None:
            self.closed_first = "client" if from_client else "server"



def read(captures, port, vips):
    connections = collections.defaultdict(Connection)
    for server, path in captures:
        for frame in frames(path):
            segment = parse(frame)
            if segment is None:
                continue
            if segment.dport == port and segment.target in vips:
                key = segment.source, segment.sport, segment.target
                connections[key].add(server, segment, from_client=True)
            elif segment.sport == port and segment.source in vips:
                key = segment.target, segment.dport, segment.source
                connections[key].add(server, segment, from_client=False)
    return connections


def sent_again(connections, kind):
    """How many segments the client sent again, of those whose (seq, length, flags) are of a kind."""
    return sum(times - 1 for seen in connections for key, times in seen.heard.items() if kind(key))


def facts_of(seen, least):
    """What the captures show: name -> (count, how many make a proof)."""
    return {
        "connections": (len(seen), least),
        "connections whose SYN was captured": (sum(c.syn for c in seen), least),
        "closed by the client first": (sum(c.closed_first == "client" for c in seen), least // 10),
        "closed by the server first": (sum(c.closed_first == "server" for c in seen), least // 10),
        "last ACKs of the server's FIN": (sum(c.last_ack for c in seen), least // 2),
        "reset by the client": (sum(c.reset for c in seen), least // 20),
        "SYNs sent again": (sent_again(seen, lambda key: key[2] & SYN), 1),
        "data segments sent again": (sent_again(seen, lambda key: key[1]), 1),
        "FINs sent again": (sent_again(seen, lambda key: key[2] & FIN), 1),
    }


def main():
    least, port = int(sys.argv[1]), int(sys.argv[2])
    captures = [argument.split("=", 1) for argument in sys.argv[3:] if "=" in argument]
    vips = {ipaddress.ip_address(argument) for argument in sys.argv[3:] if "=" not in argument}
    connections = read(captures, port, {vip.packed for vip in vips})
    split = {key: seen.servers for key, seen in connections.items() if len(seen.servers) != 1}
    for (client, sport, vip), servers in list(split.items())[:10]:
        client, vip = ipaddress.ip_address(client), ipaddress.ip_address(vip)
        print(f"SPLIT {client}:{sport} -> {vip}: {sorted(servers)}")

    facts = facts_of(list(connections.values()), least)
    for what, (count, enough) in facts.items():
        print(f"{count:6} {what}", "" if count >= enough else f"(TOO FEW: {enough} make a proof)")
    for server, _ in captures:
        alone = sum(seen.servers == {server} for seen in connections.values())
        print(f"{alone:6} on {server} alone")
    print(f"{len(split):6} split between servers")
    sys.exit(1 if split or any(count < enough for count, enough in facts.values()) else 0)


if __name__ == "__main__":
    main()
