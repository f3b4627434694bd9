// SPDX-License-Identifier: Apache-2.0
// Between an IPv6 client and an IPv4 real server, both ways: whole frames.
#include "tests/packet/crossing.h"

#include <optional>
#include <set>
#include <string>

#include "tests/packet/named.h"
#include "tests/packet/narrow.h"

namespace pinion::packet {
namespace {

const NamedPacket kCases[] = {
    {"Tcp", {}},
    {"Udp", {.protocol = kUdp, .dport = 53}},
    {"UdpEmpty", {.protocol = kUdp, .dport = 53, .payload = {}}},
    {"TcpOptions", {.tcp_options = Bytes(40, 1)}},
    {"OddPayload", {.payload = Bytes(7, 'x')}},
    {"TrafficClass", {.traffic_class = 0xb9}},
    {"FlowLabel", {.flow_label = 0x12345}},
    {"HopByHop", {.extensions = {hop_by_hop(), destination_options()}}},
};

class CrossingBothWays : public WithCrossing, public testing::WithParamInterface<NamedPacket> {};

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

INSTANTIATE_TEST_SUITE_P(All, CrossingBothWays, testing::ValuesIn(kCases), test_name);

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

// Its server sees one address and port, whatever family its clients have.
TEST_F(Crossing, APairIsOneConnectionsOfEitherFamily) {
  add(kOther, kCrossedAddress);
  director().add_service({.port = 81, .index = 7, .slot_base = 30, .slots = {kOther}});
  for (const bool first6 : {true, false}) {
    director().each_connection([](pinion_connection& one) { one = {}; });
    director().send_from({kLocal, kLocal6}, 4);
    const auto of_family = [&](bool v6, uint16_t sport) {
      return v6 ? asking(from_port(sport)) : Packet{.sport = sport, .dport = 81};
    };
    std::set<uint16_t> ports;
    for (uint16_t sport = 40000; sport < 40004; ++sport) {
      const Packet packet = of_family(sport % 2 ? !first6 : first6, sport);
      EXPECT_EQ(director().run(build(packet)).action, static_cast<uint32_t>(XDP_TX));
      ports.insert(local_port(packet));
    }
    EXPECT_EQ(ports.size(), 4u);
    for (const bool v6 : {true, false}) {
      const Bytes late = build(of_family(v6, 50000));
      expect(late, PINION_DROP_NO_PORT, late);
    }
    EXPECT_EQ(halves(PINION_FULLNAT), 4u);
    EXPECT_EQ(halves(PINION_REPLY), 4u);
  }
}

TEST_F(Crossing, AnIpv4HalfThatLeadsNowhereHidesNothing) {
  add(kOther, kCrossedAddress);
  director().add_service({.port = 81, .index = 7, .slot_base = 30, .slots = {kOther}});
  director().send_from({kLocal, kLocal6}, 1);
  director().run(build({.dport = 81}));
  for (auto& entry : director().entries4())
    if (entry.connection.flags & PINION_FULLNAT) entry = {};
  for (auto& entry : director().entries4()) entry.connection.seen -= 10 * kEstablishedTimeout;
  const Packet packet = asking();
  answer(packet, answering(packet, ask(packet)));
}

TEST_F(Crossing, TheSynAcksMssIsWhatFitsTheServersSide) {
  director().servers()[kCrossed].mss = PINION_MSS_AUTO;
  director().servers()[kCrossed].mtu = 1400;
  const Packet packet = asking();
  Packet back = answering(packet, ask(packet));
  back.tcp_options = {2, 4, 5, 0xb4};  // 1,460
  Packet out = returned(packet, back);
  out.tcp_options = {2, 4, 5, 0x50};  // 1,360
  const Ran ran = director().run(build(back));
  EXPECT_EQ(hex(ran.out), hex(build(with_label_of(out, ran.out))));
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

// Clients come by an interface with an MTU of 1,400.
class CrossingNarrow : public WithCrossing {
 protected:
  void SetUp() override {
    WithCrossing::SetUp();
    if (IsSkipped()) return;
    narrow_.emplace(1400);
    if (!narrow_->index()) GTEST_SKIP() << "this machine makes no interface of our own";
    director().allow_egress(narrow_->index(), narrow_->index());
  }

  std::optional<Narrow> narrow_;
};

TEST_F(CrossingNarrow, WhatIsTooBigForTheClientsSideIsAnsweredWithWhatFits) {
  const Packet packet = asking();
  director().run(build(packet), narrow_->index());
  Packet back = answering(packet, local_port(packet), kAck);
  for (const uint16_t df : {uint16_t{kDontFragment}, uint16_t{0}}) {  // Nobody fragments it later.
    back.fragment = df;
    EXPECT_EQ(director().run(build(sized(back, 1380))).action, static_cast<uint32_t>(XDP_REDIRECT));
    const Packet large = sized(back, 1381);
    expect(build(large), PINION_REPLY_TOO_BIG, too_big(large, 1380));
  }
}

TEST_F(CrossingNarrow, OfAFragmentLessFits) {
  const Packet packet = asking({.protocol = kUdp, .dport = 53});
  director().run(build(packet), narrow_->index());
  Packet back = answering(packet, local_port(packet));
  back.fragment = 0x2000;
  EXPECT_EQ(director().run(build(sized(back, 1372))).action, static_cast<uint32_t>(XDP_REDIRECT));
  ++back.id;
  expect(build(sized(back, 1373)), PINION_REPLY_TOO_BIG, too_big(sized(back, 1373), 1372));
}

// There it is the VIP's to the client, for the stack to find a way.
TEST_F(Crossing, ARoutedReplyGoesUpTheStackTranslated) {
  director().servers()[kCrossed].flags |= PINION_SERVER_ROUTED;
  const Packet packet = asking();
  const Packet back = answering(packet, ask(packet));
  Packet out = returned(packet, back);
  out.destination_mac = back.destination_mac;
  out.source_mac = back.source_mac;
  const Ran ran = director().run(build(back));
  EXPECT_EQ(ran.action, static_cast<uint32_t>(XDP_PASS));
  EXPECT_EQ(hex(ran.out), hex(build(with_label_of(out, ran.out))));
}

TEST_F(CrossingNarrow, WhatGrowsBeyondItsOwnInterfaceIsTooBig) {
  const Packet packet = asking();
  director().run(build(packet), narrow_->index());
  const Packet back = answering(packet, local_port(packet), kAck);
  EXPECT_EQ(director().run(build(sized(back, 1380)), narrow_->index()).action,
            static_cast<uint32_t>(XDP_TX));
  const Ran ran = director().run(build(sized(back, 1381)), narrow_->index());
  EXPECT_EQ(hex(ran.out), hex(too_big(sized(back, 1381), 1380)));
}

}  // namespace
}  // namespace pinion::packet
