#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every checksum that the data plane leaves behind is the one that scapy computes.

checksums.py FRAMES [SEED [COUNT]]: FRAMES is the program packet_frames. COUNT random packets go
each way of forwarding, in both directions where the replies pass, and ICMP errors about them. What
comes out must be, byte by byte, what scapy makes of the same packet with the other addresses and
ports, a TTL that is one less, and every checksum computed anew.
"""

import collections
import random
import subprocess
import sys
import time

try:
    from scapy.all import ICMP, IP, TCP, UDP, IPv6, Raw
except ImportError:
    print("SKIPPED: needs scapy; 'sudo deploy/packages test' installs it")
    sys.exit(77)

import random_packets as made
from random_packets import End

XDP_TX = 3
ETHERNET = bytes.fromhex("0200000000aa0200000000bb")
# frames.cc has the same.
VIPS = ("10.0.0.1", "2001:db8::1")
SERVERS = ("192.168.5.5", "fd00:5::5")
LOCALS = ("10.0.0.200", "fd00::200")
ROUTERS = (End("10.7.0.1", 0), End("2001:db8:7::1", 0))
PORTS = {"tcp": 80, "udp": 53, "sctp": 36412}
SERVER_PORTS = {"tcp": 8080, "udp": 8080, "sctp": 36412}
GUE_PORT, GUE_HEADER, GRE_HEADER = 6080, 4, 4


class Mismatch(Exception):
    pass


class Frames:
    """The data plane."""

    def __init__(self, program):
        self.process = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def write(self, line):
        try:
            print(line, file=self.process.stdin, flush=True)
        except BrokenPipeError:
            sys.exit(self.process.wait())

    def setup(self, words):
        self.write(f"setup {words}")

    def forward(self, packet):
        """The IP packet that becomes of this one."""
        kind = b"\x86\xdd" if isinstance(packet, IPv6) else b"\x08\x00"
        sent = bytes(packet)
        self.write((ETHERNET + kind + sent).hex())
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(self.process.wait())
        action, frame = answer.split()
        if int(action) != XDP_TX:
            raise Mismatch(f"XDP action {action} for\n{sent.hex()}")
        return bytes.fromhex(frame)[14:]


def compare(got, wanted):
    if got != bytes(wanted):
        raise Mismatch(f"got\n{got.hex()}\nand scapy makes it\n{bytes(wanted).hex()}")


def transport_of(packet, protocol):
    return packet[made.TRANSPORTS[protocol]]


def one_hop_less(packet):
    packet = packet.copy()
    if IP in packet:
        packet.ttl -= 1
    else:
        packet.hlim -= 1
    return packet


def between(packet, protocol, sender, receiver):
    """The same from and to these, by a router that passes it on."""
    packet = one_hop_less(packet)
    packet.src, packet.dst = sender.address, receiver.address
    ports = transport_of(packet, protocol)
    ports.sport, ports.dport = sender.port, receiver.port
    return packet


def with_hops_of(packet, other):
    packet = packet.copy()
    if IP in packet:
        packet.ttl = other.ttl
    else:
        packet.hlim = other.hlim
    return packet


def quoting(error, packet, size):
    error = error.copy()
    error.lastlayer().load = bytes(packet)[:size]
    return error


class Conversation:
    """A client's packet to the VIP, and what it is told by `protocol`."""

    def __init__(self, draw, protocols, is_v6=None):
        is_v6 = draw.random() < 0.5 if is_v6 is None else is_v6
        self.draw = draw
        self.protocol = draw.choice(protocols)
        self.client = made.client(draw, is_v6)
        self.vip = End(VIPS[is_v6], PORTS[self.protocol])
        self.server = End(SERVERS[is_v6], SERVER_PORTS[self.protocol])
        self.local = End(LOCALS[is_v6], 0)
        self.router = ROUTERS[is_v6]
        self.request = made.packet(draw, self.protocol, self.client, self.vip, True)

    def error(self, frames, receiver, seen, sent, passed_on):
        """A router tells the receiver about `seen`, which it knows as `sent`."""
        size = made.quote_size(self.draw, seen, made.TRANSPORTS[self.protocol])
        told = made.error(self.draw, self.router, receiver)
        wanted = passed_on(one_hop_less(told))
        got = frames.forward(quoting(told, seen, size))
        compare(got, quoting(wanted, with_hops_of(sent, seen), size))


def with_end(packet, **end):
    for key, value in end.items():
        setattr(packet, key, value)
    return packet


def by_nat(draw, frames, count):
    talk = Conversation(draw, ("tcp", "udp", "sctp"))
    to_server = between(talk.request, talk.protocol, talk.client, talk.server)
    compare(frames.forward(talk.request), to_server)
    reply = made.packet(draw, talk.protocol, talk.server, talk.client, False)
    to_client = between(reply, talk.protocol, talk.vip, talk.client)
    compare(frames.forward(reply), to_client)
    talk.error(
        frames, talk.vip, to_client, reply, lambda error: with_end(error, dst=talk.server.address)
    )
    talk.error(
        frames,
        talk.client,
        to_server,
        talk.request,
        lambda error: with_end(error, src=talk.vip.address),
    )
    count[f"{talk.protocol} both ways, and their errors"] += 1


def by_full_nat(draw, frames, count):
    talk = Conversation(draw, ("tcp", "udp"))
    got = frames.forward(talk.request)
    talk.local.port = transport_of(type(talk.request)(got), talk.protocol).sport
    compare(got, between(talk.request, talk.protocol, talk.local, talk.server))
    reply = made.packet(draw, talk.protocol, talk.server, talk.local, False)
    compare(frames.forward(reply), between(reply, talk.protocol, talk.vip, talk.client))
    count[f"{talk.protocol} both ways"] += 1


def moved(packet, protocol, sender, receiver):
    """What the packet carries, for a header of the other family."""
    carried = transport_of(packet, protocol).copy()
    carried.sport, carried.dport = sender.port, receiver.port
    return carried


def as_ipv4(packet, carried, sender, receiver, got):
    """Small ones have an identification by chance, and may be put into fragments (RFC 7915, 5.1)."""
    header = IP(src=sender.address, dst=receiver.address, ttl=packet.hlim - 1, tos=packet.tc)
    if len(header / carried) > 1260:
        header.id, header.flags = 0, "DF"
    else:
        header.id = got.id
    return header / carried


def as_ipv6(packet, carried, sender, receiver, got):
    """The flow label is the connection's; and UDP has a checksum."""
    if UDP in carried and carried.chksum == 0:
        del carried.chksum
    header = IPv6(src=sender.address, dst=receiver.address, hlim=packet.ttl - 1, tc=packet.tos)
    header.fl = got.fl
    return header / carried


def by_crossing(draw, frames, count):
    talk = Conversation(draw, ("tcp", "udp"), is_v6=True)
    server, local = End(SERVERS[0], SERVER_PORTS[talk.protocol]), End(LOCALS[0], 0)
    got = frames.forward(talk.request)
    local.port = transport_of(IP(got), talk.protocol).sport
    carried = moved(talk.request, talk.protocol, local, server)
    compare(got, as_ipv4(talk.request, carried, local, server, IP(got)))
    reply = made.packet(draw, talk.protocol, server, local, False)
    got = frames.forward(reply)
    carried = moved(reply, talk.protocol, talk.vip, talk.client)
    compare(got, as_ipv6(reply, carried, talk.vip, talk.client, IPv6(got)))
    count[f"{talk.protocol} both ways"] += 1


def tells_checksum(packet):
    """Whether GUE can know the sum of the packet without reading it."""
    if IPv6 in packet and not isinstance(packet.payload, (TCP, UDP)):
        return "ICMPv6" in packet.payload.name
    return ICMP in packet or TCP in packet or (UDP in packet and packet[UDP].chksum != 0)


def carry(layer, payload):
    """As bytes: what it may be by its first bytes is no concern of the layer's."""
    layer.remove_payload()
    layer.add_payload(Raw(payload))


def unwrap(got, kind, is_v6, inner):
    """The packet in the tunnel; the headers around it are as scapy makes them."""
    outer = (IPv6 if is_v6 else IP)(got)
    if not is_v6:
        del outer.chksum
    size = 40 if is_v6 else 20
    if kind == "gue":
        carry(outer[UDP], got[size + 8 :])
        if outer[UDP].dport != GUE_PORT:
            raise Mismatch(f"no GUE: {got.hex()}")
        if (outer[UDP].chksum != 0) != tells_checksum(inner):
            raise Mismatch(f"the checksum of GUE around\n{bytes(inner).hex()}\nis in\n{got.hex()}")
        if outer[UDP].chksum:
            del outer[UDP].chksum
        return outer, size + 8 + GUE_HEADER
    carry(outer, got[size:])
    return outer, size + (GRE_HEADER if kind == "gre" else 0)


def through_tunnel(frames, packet, kind, is_v6):
    got = frames.forward(packet)
    outer, size = unwrap(got, kind, is_v6, packet)
    compare(got, outer)
    compare(got[size:], one_hop_less(packet))


def by_tunnel(draw, frames, count, kind, is_v6):
    talk = Conversation(draw, ("tcp", "udp", "sctp"))
    through_tunnel(frames, talk.request, kind, is_v6)
    later = made.packet(draw, talk.protocol, talk.client, talk.vip, False)
    through_tunnel(frames, later, kind, is_v6)
    answer = made.packet(draw, talk.protocol, talk.vip, talk.client, False)
    size = made.quote_size(draw, answer, made.TRANSPORTS[talk.protocol])
    error = made.error(draw, talk.router, talk.vip)
    through_tunnel(frames, quoting(error, answer, size), kind, is_v6)
    count[f"{talk.protocol}, and errors"] += 1


def ways():
    yield "nat", by_nat
    yield "fullnat", by_full_nat
    yield "crossing", by_crossing
    for kind in ("ipip", "gre", "gue"):
        for outer in (4, 6):
            yield f"tun {kind} {outer}", lambda draw, frames, count, how=(kind, outer == 6): (
                by_tunnel(draw, frames, count, *how)
            )


def main():
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns() & 0xFFFFFFFF
    packets = int(sys.argv[3]) if len(sys.argv) > 3 else 150
    print(f"seed {seed}, {packets} packets each way", flush=True)
    frames = Frames(sys.argv[1])
    for way, one in ways():
        count = collections.Counter()
        draw = random.Random(f"{seed} {way}")
        for number in range(packets):
            if number % 100 == 0:
                frames.setup(way)  # Few connections meet at one port.
            try:
                one(draw, frames, count)
            except Mismatch as mismatch:
                sys.exit(f"FAILED: {way}, packet {number} of seed {seed}: {mismatch}")
        print(f"{way}: " + ", ".join(f"{many} {what}" for what, many in sorted(count.items())))


if __name__ == "__main__":
    main()
