// SPDX-License-Identifier: Apache-2.0
// ICMP errors about connections by full NAT, both ways: whole frames.
#include "tests/packet/fullnat.h"
#include "tests/packet/icmp.h"

namespace pinion::packet {
namespace {

class IcmpFullNat : public WithFullNat {};

// An error about either end's packet shows that end what it has sent; who tells is, to the real
// server, the local address, and to the client the VIP.
TEST_F(IcmpFullNat, ShowEachEndWhatItHasSent) {
  const Packet packets[] = {{},
                            {.protocol = kUdp, .dport = 53},
                            {.protocol = kUdp, .dport = 53, .udp_checksum = false},
                            ipv6({}),
                            ipv6({.protocol = kUdp, .dport = 53})};
  for (Packet packet : packets) {
    packet.sport = static_cast<uint16_t>(40000 + director().verdict(PINION_FORWARD_NEW));
    const bool v6 = is_v6(packet);
    const uint16_t port = ask(packet);
    for (const Error& error : {kUnreachable, kExceeded, kTooBig4, kTooBig6})
      for (const size_t quoted : {v6 ? 48ul : 28ul, v6 ? 59ul : 39ul, kAll}) {
        Packet sent = reply(packet, port, kAck);
        const Packet seen = received(packet, sent);
        --sent.ttl;
        Packet in = error_about(seen, error, quoted);
        Packet out = error_about(sent, error, quoted);
        out.destination_mac = next_hop_of(v6 ? kServer6 : kServer);
        out.source_mac = kEgressMac;
        out.from = v6 ? kLocal6 : kLocal;
        --out.ttl;
        expect(build(in), PINION_FORWARD_ICMP, build(out));

        in = error_about(arrived(packet, port), error, quoted);
        in.source_mac = "02:00:00:00:00:dd";
        Packet asked = packet;
        --asked.ttl;
        out = error_about(asked, error, quoted);
        out.destination_mac = packet.source_mac;
        out.source_mac = packet.destination_mac;
        out.from = packet.to;
        --out.ttl;
        expect(build(in), PINION_FORWARD_ICMP, build(out));
      }
  }
}

TEST_F(IcmpFullNat, AboutNobodysConnectionAreLeftToTheStack) {
  const uint16_t port = ask({});
  Bytes in = build(error_about(arrived({}, static_cast<uint16_t>(port + 1)), kTooBig4));
  expect(in, PINION_PASS_OTHER_PROTOCOL, in);
  director().each_connection([](pinion_connection& one) {
    if (one.flags & PINION_FULLNAT) one = {};
  });
  in = build(error_about(arrived({}, port), kTooBig4));
  expect(in, PINION_PASS_OTHER_PROTOCOL, in);
}

}  // namespace
}  // namespace pinion::packet
