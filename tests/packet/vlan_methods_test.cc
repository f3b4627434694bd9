// SPDX-License-Identifier: Apache-2.0
// NAT, full NAT and tunnels between VLANs: replies leave by the VLAN that the client is in.
#include <linux/bpf.h>

#include "tests/packet/icmp.h"
#include "tests/packet/narrow.h"
#include "tests/packet/nat.h"
#include "tests/packet/tunnel.h"
#include "tests/packet/vlans.h"

namespace pinion::packet {
namespace {

const Packet kPackets[] = {
    {},
    {.protocol = kUdp, .dport = 53},
    ipv6({}),
    ipv6({.protocol = kUdp, .dport = 53}),
};

class VlanNat : public WithVlans<WithNat> {
 protected:
  using WithNat::kServer;
  using WithNat::kServer6;

  void reach_servers_by(uint32_t interface) {
    director().each_connection([](pinion_connection& one) { one = {}; });
    for (const uint32_t server : {kServer, kServer6})
      director().servers()[server].ifindex = interface;
  }
};

TEST_F(VlanNat, BothWays) {
  for (const uint32_t clients : kInterfaces)
    for (const uint32_t servers : kInterfaces)
      for (const Packet& packet : kPackets) {
        reach_servers_by(servers);
        expect(build(on(clients, packet)), PINION_FORWARD_NEW,
               build(on(servers, translated(packet))));
        const Packet answer = reply(packet);
        expect(build(on(servers, answer)), PINION_FORWARD_REPLY,
               build(on(clients, untranslated(packet, answer))));
      }
}

TEST_F(VlanNat, AClientThatMovesToAnotherVlanIsFollowed) {
  reach_servers_by(kLoopback);
  Packet packet;
  expect(build(on(kVlan100, packet)), PINION_FORWARD_NEW, build(translated(packet)));
  director().let_pass(2 * kPeriod);
  packet.flags = kAck;
  expect(build(on(kVlan200, packet)), PINION_FORWARD_KNOWN, build(translated(packet)));
  const Packet answer = reply(packet);
  expect(build(answer), PINION_FORWARD_REPLY, build(on(kVlan200, untranslated(packet, answer))));
}

// There is no interface that the reply could leave by.
TEST_F(VlanNat, AClientOfAVlanWithoutADeviceGetsNoReply) {
  reach_servers_by(kLoopback);
  director().add_any_entrance({0, kLoopback});
  const Packet packet{.tags = {kVlan}, .vlans = {300}};
  expect(build(packet), PINION_FORWARD_NEW, build(on(kLoopback, translated(packet))));
  const Bytes answer = build(reply({}));
  expect(answer, PINION_DROP_NO_NEIGHBOUR, answer);
}

TEST_F(VlanNat, AnIcmpErrorGoesTheWayOfItsConnection) {
  reach_servers_by(kVlan200);
  for (const Packet& packet : {Packet{}, ipv6({})}) {
    const Packet answer = reply(packet);
    expect(build(on(kVlan100, packet)), PINION_FORWARD_NEW,
           build(on(kVlan200, translated(packet))));
    Packet error = error_about(translated(packet), kUnreachable);
    const Ran ran = director().run(build(on(kVlan200, error)));
    EXPECT_EQ(ran.action, static_cast<uint32_t>(XDP_TX));
    EXPECT_EQ(director().verdict(PINION_FORWARD_ICMP), is_v6(packet) ? 2u : 1u);
    Packet told = error_about(packet, kUnreachable);
    told.destination_mac = packet.source_mac;
    told.source_mac = packet.destination_mac;
    told.from = packet.to;
    --told.ttl;
    // What it quotes has lost a hop on the way to the server.
    Packet quoted = packet;
    --quoted.ttl;
    told = with_quote(told, kUnreachable, ip_bytes(quoted));
    EXPECT_EQ(hex(ran.out), hex(build(on(kVlan100, told))));
  }
}

// The client's VLAN has a smaller MTU than the device below it.
class VlanMtuOfReplies : public VlanNat {
 protected:
  void SetUp() override {
    VlanNat::SetUp();
    if (IsSkipped()) return;
    if (!narrow_.index()) GTEST_SKIP() << "this machine makes no interface of our own";
    director().add_entrance(tags_of(kVlan100), {narrow_.index(), kLoopback});
    director().add_vlan_device(narrow_.index(), kLoopback, tags_of(kVlan100));
  }

  Narrow narrow_{1400};
};

TEST_F(VlanMtuOfReplies, IsTheRealServersToKnow) {
  for (const Packet& packet : {Packet{.fragment = kDontFragment}, ipv6({})}) {
    reach_servers_by(kVlan200);
    expect(build(on(kVlan100, packet)), PINION_FORWARD_NEW,
           build(on(kVlan200, translated(packet))));
    const Packet fits = sized(reply(packet), 1400), large = on(kVlan200, sized(fits, 1401));
    expect(build(on(kVlan200, fits)), PINION_FORWARD_REPLY,
           build(on(kVlan100, untranslated(packet, fits))));
    expect(build(large), PINION_REPLY_TOO_BIG, too_big(large, 1400));
    // Where it came in it did fit.
    const Packet beside = sized(fits, 1401);
    expect(build(on(kVlan100, beside)), PINION_FORWARD_REPLY,
           build(on(kVlan100, untranslated(packet, beside))));
  }
}

class VlanFullNat : public VlanNat {
 protected:
  static constexpr char kLocal[] = "10.0.0.200", kLocal6[] = "fd00::200";

  void SetUp() override {
    VlanNat::SetUp();
    if (IsSkipped()) return;
    director().send_from({kLocal, kLocal6}, 1);
    for (const uint32_t server : {kServer, kServer6})
      director().servers()[server].method = PINION_METHOD_FULLNAT;
  }
  static Packet to_the_server(const Packet& packet) {
    Packet out = translated(packet);
    out.from = is_v6(packet) ? kLocal6 : kLocal;
    out.sport = PINION_FIRST_LOCAL_PORT;
    return out;
  }
};

TEST_F(VlanFullNat, BothWays) {
  for (const uint32_t clients : kInterfaces)
    for (const uint32_t servers : kInterfaces)
      for (const Packet& packet : kPackets) {
        reach_servers_by(servers);
        const Packet there = to_the_server(packet);
        expect(build(on(clients, packet)), PINION_FORWARD_NEW, build(on(servers, there)));
        Packet answer = reply(packet);
        answer.to = there.from;
        answer.dport = there.sport;
        Packet back = untranslated(packet, answer);
        back.to = packet.from;
        back.dport = packet.sport;
        expect(build(on(servers, answer)), PINION_FORWARD_REPLY, build(on(clients, back)));
      }
}

class VlanTunnel : public WithVlans<WithTunnel> {};

TEST_F(VlanTunnel, LeavesByTheVlanOfTheNextHop) {
  for (const uint32_t in : kInterfaces)
    for (const uint32_t out : kInterfaces)
      for (const pinion_tunnel tunnel : {PINION_TUNNEL_IPIP, PINION_TUNNEL_GRE, PINION_TUNNEL_GUE})
        for (const Packet& packet : {Packet{}, ipv6({})}) {
          director().each_connection([](pinion_connection& one) { one = {}; });
          to_server(kServer4, kSource4, 0, {tunnel});
          director().servers()[packet::kServer].ifindex = out;
          expect(build(on(in, packet)), PINION_FORWARD_NEW,
                 wrapped(on(out, packet), kServer4, kSource4, {tunnel}));
        }
}

TEST_F(VlanTunnel, WhatDoesNotFitIsAnsweredThroughTheVlanThatItCameFrom) {
  to_server(kServer4, kSource4);
  director().servers()[packet::kServer].ifindex = kVlan200;
  for (const uint32_t in : kInterfaces) {
    const Packet large = on(in, sized(ipv6({}), 1481));
    expect(build(large), PINION_REPLY_TOO_BIG, too_big(large, 1480));
  }
}

}  // namespace
}  // namespace pinion::packet
