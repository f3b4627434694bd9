# SPDX-License-Identifier: Apache-2.0
"""Random packets as scapy has them: their checksums are left to it, whenever they are written."""

import struct

from scapy.all import (
    ICMP,
    IP,
    TCP,
    UDP,
    ICMPv6DestUnreach,
    ICMPv6PacketTooBig,
    ICMPv6ParamProblem,
    ICMPv6TimeExceeded,
    IPOption_NOP,
    IPOption_Router_Alert,
    IPOption_RR,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
    PadN,
    Raw,
    SCTP,
)

# Incremental checksums go wrong at the ends of their range, if anywhere.
EDGES = (0x0000, 0x0001, 0x00FF, 0x0100, 0xFEFF, 0xFF00, 0xFFFE, 0xFFFF)
MOST = 1200  # Bytes of payload, so that every tunnel has room for it.

TRANSPORTS = {"tcp": TCP, "udp": UDP, "sctp": SCTP}


class End:
    def __init__(self, address, port):
        self.address = address
        self.port = port

    @property
    def is_v6(self):
        return ":" in self.address


def client(draw, is_v6):
    host = draw.randint(1, 65534)
    address = f"2001:db8:1::{host:x}" if is_v6 else f"10.1.{host >> 8}.{host & 255}"
    return End(address, draw.randint(1, 65535))


def payload(draw):
    size = draw.choice((0, 1, 2, 3, draw.randint(4, 60), draw.randint(61, MOST)))
    return draw.randbytes(size)


def hops(draw):
    return draw.choice((2, 3, 64, 255, draw.randint(2, 255)))


def ipv4_options(draw):
    return draw.choice(
        (
            [],
            [],
            [IPOption_Router_Alert()],
            [IPOption_NOP() for _ in range(draw.randint(1, 40))],
            [IPOption_RR(routers=["192.0.2.1", "192.0.2.2"], pointer=12)],
        )
    )


def ipv6_headers(draw):
    headers = (
        IPv6ExtHdrHopByHop(options=[PadN(optdata=draw.randbytes(4))]),
        IPv6ExtHdrDestOpt(options=[PadN(optdata=draw.randbytes(12))]),
        IPv6ExtHdrRouting(segleft=0, addresses=["2001:db8:9::9"]),
    )
    return [each for each in headers if draw.random() < 0.2]


def network(draw, sender, receiver):
    traffic_class = draw.randint(0, 255)
    if not sender.is_v6:
        return IP(
            src=sender.address,
            dst=receiver.address,
            ttl=hops(draw),
            tos=traffic_class,
            id=draw.randint(0, 65535),
            flags=draw.choice(("", "DF")),
            options=ipv4_options(draw),
        )
    packet = IPv6(
        src=sender.address,
        dst=receiver.address,
        hlim=hops(draw),
        tc=traffic_class,
        fl=draw.randint(0, 0xFFFFF),
    )
    for header in ipv6_headers(draw):
        packet = packet / header
    return packet


def tcp(draw, ports, opens):
    options = draw.choice(
        (
            [],
            [("MSS", draw.randint(0, 65535))],
            [("Timestamp", (draw.getrandbits(32), draw.getrandbits(32)))],
            [("NOP", None)] * draw.randint(1, 40),
        )
    )
    return TCP(
        **ports,
        flags="S" if opens else "A",
        seq=draw.getrandbits(32),
        ack=draw.getrandbits(32),
        window=draw.randint(0, 65535),
        options=options,
    ) / Raw(payload(draw))


def udp(draw, ports):
    checksum = {"chksum": 0} if draw.random() < 0.15 else {}
    return UDP(**ports, **checksum) / Raw(payload(draw))


def sctp(draw, ports, opens):
    body = payload(draw)
    body += bytes(-len(body) % 4)
    chunk = struct.pack("!BBH", 1 if opens else 0, 0, 4 + len(body)) + body
    return SCTP(**ports, tag=0 if opens else draw.randint(1, 0xFFFFFFFF)) / Raw(chunk)


def towards_edge(draw, word, checksum):
    """What the word has to become, so that the checksum over it is one of EDGES."""
    return (word + (0xFFFF ^ draw.choice(EDGES)) + checksum) % 0xFFFF


def tune(draw, packet, transport):
    """Moves the checksums of IPv4 and of the transport to the ends of their range."""
    built = type(packet)(bytes(packet))
    if IP in packet:
        packet.id = towards_edge(draw, packet.id, built.chksum)
    body = packet.lastlayer()
    if transport is SCTP or not isinstance(body, Raw) or len(body.load) < 2:
        return
    word = int.from_bytes(body.load[:2], "big")
    word = towards_edge(draw, word, built[transport].chksum)
    body.load = word.to_bytes(2, "big") + body.load[2:]


def packet(draw, protocol, sender, receiver, opens):
    ports = {"sport": sender.port, "dport": receiver.port}
    if protocol == "udp":
        above = udp(draw, ports)
    else:
        above = (tcp if protocol == "tcp" else sctp)(draw, ports, opens)
    made = network(draw, sender, receiver) / above
    if draw.random() < 0.5:
        tune(draw, made, TRANSPORTS[protocol])
    return made


def quote_size(draw, quoted, transport):
    """From 8 bytes of the transport on; half a checksum of TCP is nobody's."""
    least = len(quoted) - len(quoted[transport]) + 8
    most = min(len(quoted), MOST)
    size = draw.choice((least, min(least + 1, most), draw.randint(least, most), most))
    return size + 1 if transport is TCP and size == least + 9 else size


def error(draw, sender, receiver):
    """An ICMP error that quotes nothing yet: what it quotes is its last layer."""
    if not sender.is_v6:
        kind = draw.choice(((3, 1), (3, 4), (11, 0), (12, 0)))
        return network(draw, sender, receiver) / ICMP(type=kind[0], code=kind[1]) / Raw(b"")
    kind = draw.choice(
        (ICMPv6DestUnreach, ICMPv6PacketTooBig, ICMPv6TimeExceeded, ICMPv6ParamProblem)
    )
    return network(draw, sender, receiver) / kind() / Raw(b"")
