// SPDX-License-Identifier: Apache-2.0
// IPv4 real servers that are told of their IPv6 clients; and what crosses between VLANs.
#include "tests/packet/crossing.h"
#include "tests/packet/told.h"
#include "tests/packet/vlans.h"

namespace pinion::packet {
namespace {

constexpr uint32_t kIsn = 1000, kHeader = 52;

class CrossingTold : public WithCrossing {
 protected:
  static void tell_by(pinion_client_address how) {
    director().servers()[kCrossed].client_address = static_cast<uint8_t>(how);
  }
  static Packet segment(uint32_t offset, const Bytes& payload, uint8_t flags = kAck) {
    Packet packet = asking({.flags = flags, .payload = payload});
    packet.seq = kIsn + 1 + offset;
    return packet;
  }
  static Packet syn() { return segment(~0u, {}, kSyn); }

  // The client's packet arrives as this one, but for the identification.
  void sends(const Packet& packet, const Packet& out) {
    const Ran ran = director().run(build(packet));
    EXPECT_EQ(hex(ran.out), hex(build(with_id_of(out, ran.out))));
  }
  // The server's says that it has so many bytes; the client hears of so many.
  void answers(const Packet& asked, uint32_t acknowledged, uint32_t heard, uint8_t flags = kAck) {
    Packet back = answering(asked, local_port(asked), flags);
    back.ack = kIsn + 1 + acknowledged;
    Packet out = returned(asked, back);
    out.ack = kIsn + 1 + heard;
    const Ran ran = director().run(build(back));
    EXPECT_EQ(hex(ran.out), hex(build(with_label_of(out, ran.out))));
  }
};

TEST_F(CrossingTold, ByProxyProtocol) {
  tell_by(PINION_CLIENT_PROXY);
  const uint16_t port = ask(syn());
  answers(syn(), 0, 0, kSyn | kAck);
  for (const Bytes& payload : {Bytes(), Bytes(77, 'x')}) {
    const Packet first = segment(0, payload);
    Packet out = crossed(first, port);
    out.payload = joined(proxy_header(first), payload);
    sends(first, out);
  }
  const Packet second = segment(77, Bytes(10, 'z'));
  Packet shifted = crossed(second, port);
  shifted.seq += kHeader;
  sends(second, shifted);
  answers(second, kHeader, 0);
  answers(second, kHeader + 87, 87);
}

TEST_F(CrossingTold, WhatHasNoRoomForTheHeaderIsAnsweredWithWhatFits) {
  tell_by(PINION_CLIENT_PROXY);
  ask(syn());
  answers(syn(), 0, 0, kSyn | kAck);
  const Packet large = sized(segment(0, {}), 1520 - kHeader + 1);
  expect(build(large), PINION_REPLY_TOO_BIG, too_big(large, 1520 - kHeader));
}

TEST_F(CrossingTold, ByToa) {
  tell_by(PINION_CLIENT_TOA);
  director().run(build(syn()));
  const uint16_t port = local_port(syn());
  Packet out = crossed(syn(), port);
  out.tcp_options = toa_option(syn());
  sends(syn(), out);
  answers(syn(), 0, 0, kSyn | kAck);
}

TEST_F(CrossingTold, ByToaOnlyWhereThereIsRoom) {
  tell_by(PINION_CLIENT_TOA);
  director().run(build(syn()));
  answers(syn(), 0, 0, kSyn | kAck);
  const Packet full = sized(segment(0, {}), 1520);
  sends(full, crossed(full, local_port(full)));
}

class CrossingVlans : public WithVlans<WithCrossing> {};

TEST_F(CrossingVlans, BothWays) {
  for (const uint32_t clients : kInterfaces)
    for (const uint32_t servers : kInterfaces) {
      director().each_connection([](pinion_connection& one) { one = {}; });
      director().servers()[WithCrossing::kCrossed].ifindex = servers;
      const Packet packet = asking();
      Ran ran = director().run(build(on(clients, packet)));
      const uint16_t port = local_port(packet);
      const Packet there = on(servers, crossed(packet, port));
      EXPECT_EQ(hex(ran.out), hex(build(with_id_of(there, ran.out))));
      const Packet back = answering(packet, port);
      ran = director().run(build(on(servers, back)));
      const Packet here = on(clients, returned(packet, back));
      EXPECT_EQ(hex(ran.out), hex(build(with_label_of(here, ran.out))));
    }
}

}  // namespace
}  // namespace pinion::packet
