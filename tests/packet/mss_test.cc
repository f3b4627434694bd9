// SPDX-License-Identifier: Apache-2.0
// MSSs in SYNs and SYN/ACKs, by NAT and full NAT.
#include "tests/packet/nat.h"
#include "tests/packet/told.h"

namespace pinion::packet {
namespace {

Packet with_mss(Packet packet, uint16_t mss) {
  packet.tcp_options = joined({1, 1, 4, 2}, mss_option(mss));
  return packet;
}

class MssByNat : public WithNat {
 protected:
  static void lower_to(uint16_t mss) {
    for (const uint32_t server : {kServer, kServer6}) director().servers()[server].mss = mss;
  }
  // The client says one MSS and the server the other; what each of them gets to know.
  void expect_both(uint16_t client, uint16_t to_server_has, uint16_t server,
                   uint16_t to_client_has) {
    for (const Packet& packet : {Packet{}, ipv6({})}) {
      director().each_connection([](pinion_connection& one) { one = {}; });
      expect(build(with_mss(packet, client)), PINION_FORWARD_NEW,
             build(with_mss(translated(packet), to_server_has)));
      const Packet answer = reply(packet);
      expect(build(with_mss(answer, server)), PINION_FORWARD_REPLY,
             build(with_mss(untranslated(packet, answer), to_client_has)));
    }
  }
};

TEST_F(MssByNat, StaysAsItIsByDefault) { expect_both(65000, 65000, 9000, 9000); }

TEST_F(MssByNat, IsLoweredAndNeverRaised) {
  lower_to(1300);
  expect_both(1460, 1300, 1440, 1300);
  expect_both(1200, 1200, 1299, 1299);
  expect_both(1301, 1300, 1300, 1300);
}

TEST_F(MssByNat, IsNotLookedForElsewhere) {
  lower_to(1300);
  const Packet packet;
  open(packet);
  Packet data = with_mss(packet, 1460);
  data.flags = kAck;
  Packet out = with_mss(translated(packet), 1460);
  out.flags = kAck;
  expect(build(data), PINION_FORWARD_KNOWN, build(out));
}

// Packets of the tests come in by the loopback interface, whose MTU is 65536.
TEST_F(MssByNat, AutoIsWhatFitsWhereTheSegmentsLeave) {
  lower_to(PINION_MSS_AUTO);
  director().servers()[kServer].mtu = director().servers()[kServer6].mtu = 1400;
  for (const Packet& packet : {Packet{}, ipv6({})}) {
    const auto headers = static_cast<uint16_t>(is_v6(packet) ? 60 : 40);
    expect(build(with_mss(packet, 65535)), PINION_FORWARD_NEW,
           build(with_mss(translated(packet), static_cast<uint16_t>(65536 - headers))));
    const Packet answer = reply(packet);
    expect(build(with_mss(answer, 1460)), PINION_FORWARD_REPLY,
           build(with_mss(untranslated(packet, answer), static_cast<uint16_t>(1400 - headers))));
  }
}

class MssByFullNat : public Told {
 protected:
  MssByFullNat() : Told(PINION_CLIENT_PROXY) {}
};

TEST_F(MssByFullNat, TheServersIsLoweredByTheHeaderBesides) {
  for (const uint32_t server : {kServer, kServer6}) director().servers()[server].mss = 1300;
  for (const Packet& client : both({})) {
    sends(with_mss(syn(client), 1460), with_mss(to_server(syn(client)), 1300), PINION_FORWARD_NEW);
    const Packet reply = answer(client, 0, kSyn | kAck);
    expect(build(with_mss(reply, 1460)), PINION_FORWARD_REPLY,
           build(with_mss(to_client(client, reply),
                          static_cast<uint16_t>(1300 - (is_v6(client) ? 52 : 28)))));
  }
}

// What the entry has in that place is its GUE port.
class MssByTunnel : public WithDirector {};

TEST_F(MssByTunnel, APortIsNoMss) {
  director().add_server(7, {.method = PINION_METHOD_TUN, .address = "10.9.0.7"});
  pinion_real_server& server = director().servers()[7];
  server.tunnel_port = 1000;
  server.tunnel_source[3] = server.address[3];
  director().add_service({.port = 81, .index = 7, .slot_base = 30, .slots = {7}});
  Packet packet = with_mss({.dport = 81}, 1460);
  const Bytes in = build(packet);
  const Ran ran = director().run(in);
  ASSERT_EQ(ran.out.size(), in.size() + 20);
  EXPECT_EQ(hex(Bytes(ran.out.end() - 13, ran.out.end())), hex(Bytes(in.end() - 13, in.end())));
}

}  // namespace
}  // namespace pinion::packet
