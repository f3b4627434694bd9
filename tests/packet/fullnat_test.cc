// SPDX-License-Identifier: Apache-2.0
// Full NAT, both ways: whole frames; and which local address and port a connection gets.
#include <map>
#include <set>
#include <string>
#include <utility>

#include "tests/packet/fullnat.h"
#include "tests/packet/icmp.h"
#include "tests/packet/named.h"

namespace pinion::packet {
namespace {

class FullNat : public WithFullNat {};

const NamedPacket kCases[] = {
    {"Tcp4", {}},
    {"Udp4", {.protocol = kUdp, .dport = 53}},
    {"Udp4Empty", {.protocol = kUdp, .dport = 53, .payload = {}}},
    {"IpOptions", {.ip_options = Bytes(40, 1)}},
    {"TcpOptions", {.tcp_options = Bytes(40, 1)}},
    {"OddPayload", {.payload = Bytes(7, 'x')}},
    {"Tcp6", ipv6({})},
    {"Udp6", ipv6({.protocol = kUdp, .dport = 53})},
    {"HopByHop", ipv6({.extensions = {hop_by_hop(), destination_options()}})},
};

class FullNatBothWays : public WithFullNat, public testing::WithParamInterface<NamedPacket> {};

TEST_P(FullNatBothWays, NewAnswerAndKnown) {
  Packet packet = GetParam().packet;
  const uint16_t port = ask(packet);
  EXPECT_GE(port, PINION_FIRST_LOCAL_PORT);
  answer(packet, port);
  packet.flags = kAck;
  expect(build(packet), PINION_FORWARD_KNOWN, to_server(packet, port));
  answer(packet, port, kAck);

  const pinion_counters counters = director().counters(is_v6(packet) ? kServer6 : kServer);
  EXPECT_EQ(counters.connections, 1u);
  EXPECT_EQ(counters.packets, 2u);
  EXPECT_EQ(counters.reply_packets, 2u);
  EXPECT_EQ(halves(PINION_FULLNAT), 1u);
  EXPECT_EQ(halves(PINION_REPLY), 1u);
  const auto state = packet.protocol == kUdp ? PINION_STATE_UDP : PINION_STATE_ESTABLISHED;
  director().each_connection(
      [&](const pinion_connection& one) { EXPECT_EQ(pinion_state_of(one.word), state); });
  expect_exact_load();
}

INSTANTIATE_TEST_SUITE_P(All, FullNatBothWays, testing::ValuesIn(kCases), test_name);

TEST_F(FullNat, EveryChecksumStaysRight) {
  for (uint32_t i = 0; i < 2000; ++i) {
    Packet packet{.sport = static_cast<uint16_t>(i * 31 + 1024)};
    packet.payload = {static_cast<uint8_t>(i), static_cast<uint8_t>(i >> 3), 0xff, 0xff};
    packet.ttl = static_cast<uint8_t>(2 + i % 254);
    if (i % 2) packet.protocol = kUdp, packet.dport = 53;
    director().each_connection([](pinion_connection& one) { one = {}; });
    answer(packet, ask(packet));
  }
}

TEST_F(FullNat, ADatagramWithoutAChecksumGetsNone) {
  ask({.protocol = kUdp, .dport = 53, .udp_checksum = false});
}

TEST_F(FullNat, IsARouterThatCountsTheTtlDown) {
  for (Packet packet : {Packet{.ttl = 1}, ipv6({.ttl = 1})})
    expect(build(packet), PINION_DROP_TTL, build(packet));
}

TEST_F(FullNat, EachConnectionHasAPortOfItsOwn) {
  std::set<uint16_t> ports;
  for (uint16_t sport = 40000; sport < 40200; ++sport) ports.insert(ask(from_port(sport)));
  EXPECT_EQ(ports.size(), 200u);
  expect_exact_load();
}

TEST_F(FullNat, EveryPortIsFoundAndThenThereAreNone) {
  const auto taken = take_all(16);
  std::set<uint16_t> ports;
  for (const auto& [sport, port] : taken) ports.insert(port);
  EXPECT_EQ(ports.size(), 16u);
  EXPECT_EQ(*ports.begin(), PINION_FIRST_LOCAL_PORT);
  EXPECT_EQ(*ports.rbegin(), PINION_FIRST_LOCAL_PORT + 15);

  const Bytes late = build(from_port(50000));
  expect(late, PINION_DROP_NO_PORT, late);
  EXPECT_EQ(halves(PINION_FULLNAT), 16u);
  EXPECT_EQ(halves(PINION_REPLY), 16u);
  expect_exact_load();
  // Those that have one go on.
  for (const auto& [sport, port] : taken) answer(from_port(sport), port);
}

TEST_F(FullNat, AnotherRealServerHasThePortsOnceMore) {
  take_all(8);
  add(kOther, kOtherAddress);
  director().add_service({.port = 81, .index = 7, .slot_base = 30, .slots = {kOther}});
  const Ran ran = director().run(build({.dport = 81}));
  EXPECT_EQ(ran.action, static_cast<uint32_t>(XDP_TX));
}

TEST_F(FullNat, SeveralAddressesHaveThePortsEach) {
  director().send_from({kLocal, "10.0.0.201"}, 4);
  std::set<std::pair<std::string, uint16_t>> pairs;
  for (uint16_t sport = 40000; sport < 40008; ++sport) {
    const Ran ran = director().run(build(from_port(sport)));
    ASSERT_EQ(ran.action, static_cast<uint32_t>(XDP_TX));
    pairs.emplace(std::string(ran.out.begin() + 26, ran.out.begin() + 30),
                  local_port(from_port(sport)));
  }
  EXPECT_EQ(pairs.size(), 8u);
  const Bytes late = build(from_port(50000));
  expect(late, PINION_DROP_NO_PORT, late);
}

TEST_F(FullNat, WithoutAnAddressOfTheFamilyThereIsNoPort) {
  director().send_from({kLocal}, kAllPorts);
  const Bytes in = build(ipv6({}));
  expect(in, PINION_DROP_NO_PORT, in);
  EXPECT_EQ(halves(~0), 0u);
  expect_exact_load();
}

TEST_F(FullNat, NobodyElseGetsAPortThatIsInTimeWait) {
  take_all(4);
  set_states(PINION_STATE_TIME_WAIT);
  const Bytes late = build(from_port(50000));
  expect(late, PINION_DROP_NO_PORT, late);
  director().let_pass(kTimeWaitTimeout + 2 * kPeriod + 100);
  ask(from_port(50000));
}

TEST_F(FullNat, ALostConnectionsPortIsNotFreeBeforeItsTime) {
  take_all(4);
  director().each_connection([](pinion_connection& one) {
    if (one.flags & PINION_FULLNAT) one = {};
  });
  const Bytes late = build(from_port(50000));
  expect(late, PINION_DROP_NO_PORT, late);
}

TEST_F(FullNat, TheSameClientGoesOnWithItsPort) {
  const Packet packet;
  const uint16_t port = ask(packet);
  set_states(PINION_STATE_TIME_WAIT);
  expect(build(packet), PINION_FORWARD_NEW, to_server(packet, port));
  answer(packet, port);
}

TEST_F(FullNat, AReplyHalfThatWasLostIsMadeAgain) {
  Packet packet;
  const uint16_t port = ask(packet);
  director().each_connection([](pinion_connection& one) {
    if (one.flags & PINION_REPLY) one = {};
  });
  packet.flags = kAck;  // The state changes.
  expect(build(packet), PINION_FORWARD_KNOWN, to_server(packet, port));
  answer(packet, port, kAck);
}

TEST_F(FullNat, WhoHasLostItsPortToAnotherGetsAnother) {
  director().send_from({kLocal}, 1);
  Packet first = from_port(40000);
  const uint16_t port = ask(first);
  director().each_connection([](pinion_connection& one) {
    if (one.flags & PINION_REPLY) one = {};
  });
  EXPECT_EQ(ask(from_port(40001)), port);
  first.flags = kAck;
  expect(build(first), PINION_DROP_NO_PORT, build(first));  // There is only one.
  EXPECT_EQ(halves(PINION_FULLNAT), 1u);
  expect_exact_load();

  director().send_from({kLocal}, 2);
  first.flags = kSyn;
  EXPECT_NE(ask(first), port);
}

// As if the packet that made it were still on its way to a port.
TEST_F(FullNat, APacketThatFindsNoPortGivesOne) {
  Packet packet;
  ask(packet);
  for (pinion_entry4& entry : director().entries4()) {
    if (entry.connection.flags & PINION_REPLY) entry = {};
    entry.flow.local = 0;
    entry.flow.local_port = 0;
  }
  packet.flags = kAck;
  answer(packet, ask(packet, PINION_FORWARD_KNOWN), kAck);
  expect_exact_load();
}

TEST_F(FullNat, AReplyNeverGoesToAnotherConnection) {
  const Packet packet;
  const uint16_t port = ask(packet);
  const Bytes in = build(reply(packet, port));
  for (pinion_entry4& entry : director().entries4())
    if (entry.connection.flags & PINION_FULLNAT) entry.flow.local_port ^= 1;
  expect(in, PINION_PASS_NOT_OURS, in);
}

TEST_F(FullNat, WhatTheServerSendsElsewhereIsNoReply) {
  const Packet packet;
  const uint16_t port = ask(packet);
  Packet elsewhere = reply(packet, port);
  elsewhere.to = "10.0.0.201";
  expect(build(elsewhere), PINION_PASS_NOT_OURS, build(elsewhere));
  const Bytes wrong = build(reply(packet, static_cast<uint16_t>(port ^ 1)));
  expect(wrong, PINION_PASS_NOT_OURS, wrong);
}

// Its address has left the pool; the connection has not.
TEST_F(FullNat, AnAddressThatLeavesKeepsItsConnections) {
  Packet packet;
  const uint16_t port = ask(packet);
  director().local().count4 = 0;
  packet.flags = kAck;
  expect(build(packet), PINION_FORWARD_KNOWN, to_server(packet, port));
  answer(packet, port, kAck);
}
TEST_F(FullNat, WhatDoesNotFitIsAnsweredUntranslated) {
  director().servers()[kServer].ifindex = kLoopback + 1;
  director().servers()[kServer].mtu = 1000;
  const Packet packet{.fragment = kDontFragment, .payload = Bytes(1200, 'x')};
  const Ran ran = director().run(build(packet));
  EXPECT_EQ(ran.action, static_cast<uint32_t>(XDP_TX));
  EXPECT_EQ(director().verdict(PINION_REPLY_TOO_BIG), 1u);
  const Bytes quoted(ran.out.begin() + 14 + 28, ran.out.end());
  const Bytes sent = ip_bytes(packet);
  EXPECT_EQ(hex(quoted), hex(Bytes(sent.begin(), sent.begin() + 548)));
}

TEST_F(FullNat, NatIsNotTouchedByIt) {
  director().add_server(
      kOther, {.method = PINION_METHOD_NAT, .address = kOtherAddress, .port = kServerPort});
  director().look_at(kOtherAddress);
  director().add_service({.port = 81, .index = 7, .slot_base = 30, .slots = {kOther}});
  const Packet packet{.dport = 81};
  Packet out = packet;
  out.destination_mac = next_hop_of(kOther);
  out.source_mac = kEgressMac;
  out.to = kOtherAddress;
  out.dport = kServerPort;
  --out.ttl;
  expect(build(packet), PINION_FORWARD_NEW, build(out));
  EXPECT_EQ(halves(PINION_FULLNAT), 0u);
}

}  // namespace
}  // namespace pinion::packet
