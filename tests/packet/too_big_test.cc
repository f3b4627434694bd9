// SPDX-License-Identifier: Apache-2.0
// Packets that do not fit into their tunnel: the answers, byte for byte, and who gets none.
#include <linux/bpf.h>
#include <time.h>

#include "tests/packet/icmp.h"
#include "tests/packet/tunnel.h"

namespace pinion::packet {
namespace {

class TooBig : public WithTunnel {
 protected:
  // Up to the last byte.
  void expect_answer_beyond(const Packet& packet, uint32_t room) {
    const Packet fits = sized(packet, room), too = sized(packet, room + 1);
    EXPECT_EQ(director().run(build(fits)).out.size(), ip_offset(packet) + 1500);
    expect(build(too), PINION_REPLY_TOO_BIG, too_big(too, room));
    expect(build(sized(packet, 1500)), PINION_REPLY_TOO_BIG, too_big(sized(packet, 1500), room));
  }

  static uint64_t now() {
    timespec time;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
  }
};

TEST_F(TooBig, IsAnsweredWithWhatFits) {
  const struct {
    const char *address, *source;
    pinion_tunnel tunnel;
    uint32_t headers;
  } kinds[] = {
      {kServer4, kSource4, PINION_TUNNEL_IPIP, 20}, {kServer6, kSource6, PINION_TUNNEL_IPIP, 40},
      {kServer4, kSource4, PINION_TUNNEL_GRE, 24},  {kServer6, kSource6, PINION_TUNNEL_GRE, 44},
      {kServer4, kSource4, PINION_TUNNEL_GUE, 32},  {kServer6, kSource6, PINION_TUNNEL_GUE, 52},
  };
  for (const auto& kind : kinds) {
    to_server(kind.address, kind.source, 0, {kind.tunnel});
    for (const Packet& packet :
         {Packet{.fragment = kDontFragment}, Packet{.protocol = kUdp, .fragment = kDontFragment},
          ipv6({}), ipv6({.protocol = kUdp})})
      expect_answer_beyond(packet, 1500 - kind.headers);
  }
}

TEST_F(TooBig, IsAnsweredThroughTheVlanThatItCameFrom) {
  to_server(kServer4, kSource4);
  expect_answer_beyond({.tags = {kVlan}, .fragment = kDontFragment}, 1480);
  expect_answer_beyond(
      {.tags = {kServiceVlan, kVlan}, .fragment = kDontFragment, .ip_options = Bytes(40, 1)}, 1480);
  expect_answer_beyond(ipv6({.tags = {kServiceVlan, kVlan}, .extensions = {hop_by_hop()}}), 1480);
}

TEST_F(TooBig, IsNotCountedAsForwarded) {
  to_server(kServer4, kSource4);
  director().run(build(sized({.fragment = kDontFragment}, 1500)));
  EXPECT_EQ(director().counters(kServer).packets, 0u);
}

TEST_F(TooBig, MayBeFragmentedThenNobodyIsTold) {
  to_server(kServer4, kSource4);
  const Bytes in = build(sized({}, 1481));
  expect(in, PINION_DROP_TOO_BIG, in);
}

// What no answer makes smaller, or what did not come from a host.
TEST_F(TooBig, WhatAnAnswerDoesNotHelpIsDropped) {
  to_server(kServer4, kSource4);
  director().servers()[kServer].mtu = 500;
  const Bytes small = build(sized({.fragment = kDontFragment}, 547));
  expect(small, PINION_DROP_TOO_BIG, small);
  const Bytes small6 = build(sized(ipv6({}), 1231));
  expect(small6, PINION_DROP_TOO_BIG, small6);
  for (const char* from : {"0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255"}) {
    const Bytes in = build(sized({.from = from, .fragment = kDontFragment}, 1500));
    expect(in, PINION_DROP_TOO_BIG, in);
  }
  for (const char* from : {"::", "ff02::1"}) {
    Packet packet = ipv6({});
    packet.from = from;
    const Bytes in = build(sized(packet, 1500));
    expect(in, PINION_DROP_TOO_BIG, in);
  }
}

TEST_F(TooBig, AnswersAreRationed) {
  to_server(kServer4, kSource4);
  const Packet packet = sized({.fragment = kDontFragment}, 1500);
  const Bytes in = build(packet);
  director().pace_replies(now() + 1'000'000'000'000);
  expect(in, PINION_DROP_REPLY_LIMIT, in);
  director().pace_replies(0);
  expect(in, PINION_REPLY_TOO_BIG, too_big(packet, 1480));
  // A hundred at once, and one each millisecond.
  director().pace_replies(0);
  const uint64_t begun = now();
  const uint64_t answered = director().verdict(PINION_REPLY_TOO_BIG);
  for (int i = 0; i < 500; ++i) director().run(in);
  const uint64_t most = 102 + (now() - begun) / 1'000'000;
  EXPECT_GE(director().verdict(PINION_REPLY_TOO_BIG) - answered, 100u);
  EXPECT_LE(director().verdict(PINION_REPLY_TOO_BIG) - answered, most + 4);
}

}  // namespace
}  // namespace pinion::packet
