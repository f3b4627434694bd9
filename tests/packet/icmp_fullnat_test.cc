// SPDX-License-Identifier: Apache-2.0
// ICMP errors about connections by full NAT, both ways: whole frames.
#include "tests/packet/fullnat.h"
#include "tests/packet/icmp.h"
#include "tests/packet/narrow.h"
#include "tests/packet/told.h"

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

// It may know no way to the client.
TEST_F(IcmpFullNat, WhatIsTooBigForTheWayBackIsAnsweredByTheLocalAddress) {
  const Narrow narrow(1400);
  if (!narrow.index()) GTEST_SKIP() << "this machine makes no interface of our own";
  director().allow_egress(narrow.index(), narrow.index());
  for (const Packet& packet : {Packet{}, ipv6({.sport = 40001})}) {
    director().run(build(packet), narrow.index());
    Packet answer = reply(packet, local_port(packet));
    answer.fragment = kDontFragment;
    answer = sized(answer, 1500);
    expect(build(answer), PINION_REPLY_TOO_BIG, too_big(answer, 1400));
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

class IcmpProxy : public Told {
 protected:
  IcmpProxy() : Told(PINION_CLIENT_PROXY) {}

  // What a router behind the director says of what the client's packet has become.
  void expect_to_client(const Packet& packet, uint32_t shift, uint16_t mtu, uint16_t told) {
    Packet arrived = to_server(packet);
    arrived.seq += shift;
    Error error = is_v6(packet) ? kTooBig6 : kTooBig4;
    error.rest = mtu;
    const size_t quoted = is_v6(packet) ? 48 : 28;  // No more than is there of the client's own.
    Packet in = error_about(arrived, error, quoted);
    in.source_mac = "02:00:00:00:00:dd";
    Packet sent = packet;
    --sent.ttl;
    error.rest = told;
    Packet out = error_about(sent, error, quoted);
    out.destination_mac = packet.source_mac;
    out.source_mac = packet.destination_mac;
    out.from = packet.to;
    --out.ttl;
    expect(build(in), PINION_FORWARD_ICMP, build(out));
  }
};

TEST_F(IcmpProxy, WhatFitsIsLessByWhatStillTells) {
  for (const Packet& client : both({})) {
    const uint16_t size = is_v6(client) ? 52 : 28;
    director().run(build(syn(client)));
    director().run(build(answer(client, 0, kSyn | kAck)));
    const Packet first = segment(client, 0, Bytes(1000, 'x'));
    director().run(build(first));
    expect_to_client(first, 0, 1400, static_cast<uint16_t>(1400 - size));
    director().run(build(answer(client, size)));
    expect_to_client(segment(client, 500), size, 1400, 1400);
  }
}

}  // namespace
}  // namespace pinion::packet
