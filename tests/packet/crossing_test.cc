// SPDX-License-Identifier: Apache-2.0
// Between an IPv6 client and an IPv4 real server, both ways: whole frames.
#include "tests/packet/crossing.h"

#include <string>

#include "tests/packet/narrow.h"

namespace pinion::packet {
namespace {

struct Case {
  const char* name;
  Packet packet;
  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
};

const Case kCases[] = {
    {"Tcp", {}},
    {"Udp", {.protocol = kUdp, .dport = 53}},
    {"UdpEmpty", {.protocol = kUdp, .dport = 53, .payload = {}}},
    {"TcpOptions", {.tcp_options = Bytes(40, 1)}},
    {"OddPayload", {.payload = Bytes(7, 'x')}},
    {"TrafficClass", {.traffic_class = 0xb9}},
    {"FlowLabel", {.flow_label = 0x12345}},
    {"HopByHop", {.extensions = {hop_by_hop(), destination_options()}}},
};

class CrossingBothWays : public WithCrossing, public testing::WithParamInterface<Case> {};

TEST_P(CrossingBothWays, NewAnswerAndKnown) {
  Packet packet = asking(GetParam().packet);
  const uint16_t port = ask(packet);
  EXPECT_GE(port, PINION_FIRST_LOCAL_PORT);
  const uint32_t label = answer(packet, answering(packet, port));
  packet.flags = kAck;
  EXPECT_EQ(ask(packet, PINION_FORWARD_KNOWN), port);
  EXPECT_EQ(answer(packet, answering(packet, port, kAck)), label);

  const pinion_counters counters = director().counters(kCrossed);
  EXPECT_EQ(counters.connections, 1u);
  EXPECT_EQ(counters.packets, 2u);
  EXPECT_EQ(counters.reply_packets, 2u);
  EXPECT_EQ(counters.bytes, 2 * ip_bytes(packet).size()) << "as the client sends them";
  EXPECT_EQ(counters.reply_bytes, 2 * ip_bytes(answering(packet, port)).size());
  EXPECT_EQ(halves(PINION_FULLNAT), 1u);
  EXPECT_EQ(halves(PINION_REPLY), 1u);
  const auto state = packet.protocol == kUdp ? PINION_STATE_UDP : PINION_STATE_ESTABLISHED;
  director().each_connection(
      [&](const pinion_connection& one) { EXPECT_EQ(pinion_state_of(one.word), state); });
  expect_exact_load();
}

INSTANTIATE_TEST_SUITE_P(All, CrossingBothWays, testing::ValuesIn(kCases),
                         [](const auto& at) { return std::string(at.param.name); });

class Crossing : public WithCrossing {};

TEST_F(Crossing, EveryChecksumStaysRight) {
  for (uint32_t i = 0; i < 2000; ++i) {
    Packet packet = asking({.sport = static_cast<uint16_t>(i * 31 + 1024)});
    packet.payload = {static_cast<uint8_t>(i), static_cast<uint8_t>(i >> 3), 0xff, 0xff};
    packet.ttl = static_cast<uint8_t>(2 + i % 254);
    packet.traffic_class = static_cast<uint8_t>(i);
    if (i % 2) packet.protocol = kUdp, packet.dport = 53;
    director().each_connection([](pinion_connection& one) { one = {}; });
    Packet back = answering(packet, ask(packet));
    back.ttl = packet.ttl;
    back.payload = packet.payload;
    answer(packet, back);
  }
}

TEST_F(Crossing, EachConnectionHasAPortOfItsOwn) {
  director().send_from({kLocal, kLocal6}, 16);
  for (uint16_t sport = 40000; sport < 40016; ++sport) ask(asking(from_port(sport)));
  const Bytes late = build(asking(from_port(50000)));
  expect(late, PINION_DROP_NO_PORT, late);
  expect_exact_load();
  for (uint16_t sport = 40000; sport < 40016; ++sport) {
    const Packet packet = asking(from_port(sport));
    answer(packet, answering(packet, local_port(packet)));
  }
}

TEST_F(Crossing, ThroughVlans) {
  ask(asking({.tags = {0x8100}}));
  ask(asking({.tags = {0x88a8, 0x8100}, .sport = 40001, .extensions = {hop_by_hop()}}));
}

TEST_F(Crossing, NeedsAnIpv4AddressToSendFrom) {
  director().send_from({kLocal6}, kAllPorts);
  const Bytes in = build(asking());
  expect(in, PINION_DROP_NO_PORT, in);
  expect_exact_load();
}

TEST_F(Crossing, IsARouterThatCountsTheTtlDown) {
  const Packet packet = asking();
  const Bytes in = build(asking({.ttl = 1}));
  expect(in, PINION_DROP_TTL, in);
  Packet back = answering(packet, ask(packet, PINION_FORWARD_KNOWN));
  back.ttl = 1;
  expect(build(back), PINION_DROP_TTL, build(back));
}

TEST_F(Crossing, LosesIpv4sOptions) {
  const Packet packet = asking();
  Packet back = answering(packet, ask(packet));
  for (const size_t bytes : {4, 20, 40}) {  // Longer than before, as long, and shorter.
    back.ip_options = Bytes(bytes, 1);
    answer(packet, back);
  }
}

TEST_F(Crossing, MayBeFragmentedWhereIpv6CouldNotBeSmaller) {
  ask(sized(asking(), 1280));
  ask(sized(asking(), 1281), PINION_FORWARD_KNOWN);
  ask(sized(asking(), 1500), PINION_FORWARD_KNOWN);
}

TEST_F(Crossing, ADatagramWithoutAChecksumGetsOne) {
  const Packet packet = asking({.protocol = kUdp, .dport = 53});
  Packet back = answering(packet, ask(packet));
  for (const size_t bytes : {0, 1, 2, 3, 4, 503, 504, 505, 511, 512, 513, 1016, 1017, 1452}) {
    back.payload = Bytes(bytes);
    for (size_t i = 0; i < bytes; ++i) back.payload[i] = static_cast<uint8_t>(i * 7 + bytes);
    back.udp_checksum = false;
    Packet summed = returned(packet, back);
    summed.udp_checksum = true;
    const Ran ran = director().run(build(back));
    EXPECT_EQ(hex(ran.out), hex(build(with_label_of(summed, ran.out)))) << bytes;
  }
}

TEST_F(Crossing, APartOfADatagramWithoutAChecksumCannotGetOne) {
  const Packet packet = asking({.protocol = kUdp, .dport = 53});
  Packet back = answering(packet, ask(packet));
  back.udp_checksum = false;
  back.fragment = 0x2000;
  expect(build(back), PINION_DROP_UNTRANSLATABLE, build(back));
}

TEST_F(Crossing, AnIpv4ConnectionOfTheSameServerIsAnother) {
  const Packet packet = asking();
  const uint16_t port = ask(packet);
  // The server is a client itself, of an IPv4 VIP.
  const Packet other = {.from = kCrossedAddress, .sport = kServerPort};
  WithFullNat::ask(other);
  WithFullNat::ask(other, PINION_FORWARD_KNOWN);
  answer(packet, answering(packet, port));
}

TEST_F(Crossing, WhatBelongsToNoConnectionIsLeftToTheStack) {
  const Packet packet = asking();
  const uint16_t port = ask(packet);
  const Packet stray = answering(packet, static_cast<uint16_t>(port + 1));
  expect(build(stray), PINION_PASS_NOT_OURS, build(stray));
  director().each_connection([](pinion_connection& one) {
    if (one.flags & PINION_FULLNAT) one = {};
  });
  const Packet late = answering(packet, port);
  expect(build(late), PINION_PASS_NOT_OURS, build(late));
}

// Nobody has such an address on a wire.
TEST_F(Crossing, AMappedAddressInAnIpv6PacketIsNotAServers) {
  const Packet packet = asking();
  Packet forged = answering(packet, ask(packet));
  forged.from = std::string("::ffff:") + kCrossedAddress;
  forged.to = std::string("::ffff:") + kLocal;
  expect(build(forged), PINION_PASS_NOT_OURS, build(forged));
}

TEST_F(Crossing, RepliesFollowTheConnectionsState) {
  Packet packet = asking();
  const uint16_t port = ask(packet);
  answer(packet, answering(packet, port));
  packet.flags = kAck;
  ask(packet, PINION_FORWARD_KNOWN);
  answer(packet, answering(packet, port, kFin | kAck));
  packet.flags = kFin | kAck;
  ask(packet, PINION_FORWARD_KNOWN);
  answer(packet, answering(packet, port, kAck));
  director().each_connection([](const pinion_connection& one) {
    EXPECT_EQ(pinion_state_of(one.word), PINION_STATE_TIME_WAIT);
  });
  expect_exact_load();
}

TEST_F(Crossing, WhatIsTooBigForTheServersSideIsAnsweredWithWhatFits) {
  director().servers()[kCrossed].mtu = 1400;
  ask(sized(asking(), 1420));
  const Packet large = sized(asking(), 1421);
  expect(build(large), PINION_REPLY_TOO_BIG, too_big(large, 1420));
}

TEST_F(Crossing, WhatIsTooBigForTheClientsSideIsAnsweredWithWhatFits) {
  const Narrow narrow(1400);
  if (!narrow.index()) GTEST_SKIP() << "this machine makes no interface of our own";
  director().allow_egress(narrow.index(), narrow.index());
  const Packet packet = asking();
  director().run(build(packet), narrow.index());
  Packet back = answering(packet, local_port(packet), kAck);
  for (const uint16_t df : {uint16_t{kDontFragment}, uint16_t{0}}) {  // Nobody fragments it later.
    back.fragment = df;
    EXPECT_EQ(director().run(build(sized(back, 1380))).action, static_cast<uint32_t>(XDP_REDIRECT));
    const Packet large = sized(back, 1381);
    expect(build(large), PINION_REPLY_TOO_BIG, too_big(large, 1380));
  }
}

TEST_F(Crossing, WhatGrowsBeyondItsOwnInterfaceIsTooBig) {
  const Narrow narrow(1400);
  if (!narrow.index()) GTEST_SKIP() << "this machine makes no interface of our own";
  director().allow_egress(narrow.index(), narrow.index());
  const Packet packet = asking();
  director().run(build(packet), narrow.index());
  const Packet back = answering(packet, local_port(packet), kAck);
  EXPECT_EQ(director().run(build(sized(back, 1380)), narrow.index()).action,
            static_cast<uint32_t>(XDP_TX));
  const Ran ran = director().run(build(sized(back, 1381)), narrow.index());
  EXPECT_EQ(hex(ran.out), hex(too_big(sized(back, 1381), 1380)));
}

}  // namespace
}  // namespace pinion::packet
