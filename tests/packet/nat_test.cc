// SPDX-License-Identifier: Apache-2.0
// NAT, both ways: whole frames, with other addresses and ports and right checksums.
#include <linux/bpf.h>

#include <utility>

#include "balancer/bpf/conntrack/connection_table.h"
#include "tests/packet/named.h"
#include "tests/packet/nat.h"
#include "tests/packet/sctp.h"

namespace pinion::packet {
namespace {

class Nat : public WithNat {
 protected:
  void expect_states(pinion_state state) {
    EXPECT_EQ(pinion_state_of(forward().word), state);
    EXPECT_EQ(pinion_state_of(half(PINION_REPLY).word), state);
    expect_exact_load();
  }
};

Packet extended(std::vector<Extension> extensions) {
  Packet packet;
  packet.extensions = std::move(extensions);
  return ipv6(packet);
}

// The client's next packet, which tells that it has heard the answer.
Packet confirmed(Packet packet) {
  if (packet.protocol == kSctp) return cookie_echo(std::move(packet));
  packet.flags = kAck;
  return packet;
}

const NamedPacket kCases[] = {
    {"Tcp4", {}},
    {"Udp4", {.protocol = kUdp, .dport = 53}},
    {"Udp4Empty", {.protocol = kUdp, .dport = 53, .payload = {}}},
    {"IpOptions", {.ip_options = Bytes(40, 1)}},
    {"TcpOptions", {.tcp_options = Bytes(40, 1)}},
    {"OddPayload", {.payload = Bytes(7, 'x')}},
    {"Large", {.payload = Bytes(1460, 'x')}},
    {"Sctp4", sctp_init({})},
    {"Sctp4IpOptions", sctp_init({.ip_options = Bytes(40, 1)})},
    {"Tcp6", ipv6({})},
    {"Udp6", ipv6({.protocol = kUdp, .dport = 53})},
    {"Sctp6", ipv6(sctp_init({}))},
    {"SctpHopByHop", sctp_init(extended({hop_by_hop()}))},
    {"HopByHop", extended({hop_by_hop(), destination_options()})},
};

class BothWays : public Nat, public testing::WithParamInterface<NamedPacket> {};

TEST_P(BothWays, NewAnswerAndKnown) {
  Packet packet = GetParam().packet;
  open(packet);
  const Bytes opening = build(packet);
  packet = confirmed(packet);
  expect(build(packet), PINION_FORWARD_KNOWN, to_server(packet));
  const Packet answer = reply(packet, kAck);
  expect(build(answer), PINION_FORWARD_REPLY, to_client(packet, answer));

  const uint32_t server = server_for(packet);
  const pinion_counters counters = director().counters(server);
  EXPECT_EQ(counters.connections, 1u);
  EXPECT_EQ(counters.packets, 2u);
  EXPECT_EQ(counters.reply_packets, 2u);
  EXPECT_EQ(counters.bytes, opening.size() + build(packet).size() - 2 * 14);
  EXPECT_EQ(counters.reply_bytes, 2 * (build(answer).size() - 14));
  EXPECT_EQ(PINION_INDEX(forward().server), server);
  expect_states(packet.protocol == kUdp ? PINION_STATE_UDP : PINION_STATE_ESTABLISHED);
}

INSTANTIATE_TEST_SUITE_P(Nat, BothWays, testing::ValuesIn(kCases), test_name);

// Incremental checksums go wrong at the ends of their range, if anywhere.
TEST_F(Nat, EveryChecksumStaysRight) {
  for (uint32_t i = 0; i < 2000; ++i) {
    Packet packet{.sport = static_cast<uint16_t>(i * 31 + 1024)};
    packet.payload = {static_cast<uint8_t>(i), static_cast<uint8_t>(i >> 3), 0xff, 0xff};
    packet.ttl = static_cast<uint8_t>(2 + i % 254);
    if (i % 2) packet.protocol = kUdp, packet.dport = 53;
    director().each_connection([](pinion_connection& one) { one = {}; });
    expect(build(packet), PINION_FORWARD_NEW, to_server(packet));
  }
}

TEST_F(Nat, ADatagramWithoutAChecksumGetsNone) {
  const Packet packet{.protocol = kUdp, .dport = 53, .udp_checksum = false};
  expect(build(packet), PINION_FORWARD_NEW, to_server(packet));
}

TEST_F(Nat, IsARouterThatCountsTheTtlDown) {
  for (const int ttl : {1, 0}) {
    Packet packet{.ttl = static_cast<uint8_t>(ttl)};
    expect(build(packet), PINION_DROP_TTL, build(packet));
    packet = ipv6(packet);
    expect(build(packet), PINION_DROP_TTL, build(packet));
  }
  const Packet last{.ttl = 2};
  expect(build(last), PINION_FORWARD_KNOWN, to_server(last));
}

TEST_F(Nat, BothHalvesOfTheTeardownCount) {
  Packet packet;
  open(packet);
  expect_states(PINION_STATE_SYN_RECEIVED);
  const auto from_client = [&](uint8_t flags) {
    packet.flags = flags;
    expect(build(packet), PINION_FORWARD_KNOWN, to_server(packet));
  };
  const auto from_server = [&](uint8_t flags) {
    const Packet answer = reply(packet, flags);
    expect(build(answer), PINION_FORWARD_REPLY, to_client(packet, answer));
  };
  from_client(kAck);
  expect_states(PINION_STATE_ESTABLISHED);
  from_server(kFin | kAck);
  expect_states(PINION_STATE_CLOSE_WAIT);
  from_client(kAck);
  expect_states(PINION_STATE_CLOSE_WAIT);
  from_client(kFin | kAck);
  expect_states(PINION_STATE_LAST_ACK);
  from_server(kAck);
  expect_states(PINION_STATE_TIME_WAIT);
  from_client(kFin | kAck);
  from_server(kAck);
  expect_states(PINION_STATE_TIME_WAIT);
  packet.flags = kSyn;
  expect(build(packet), PINION_FORWARD_NEW, to_server(packet));
  expect_states(PINION_STATE_SYN_RECEIVED);
  from_server(kRst | kAck);
  expect_states(PINION_STATE_CLOSED);
}

TEST_F(Nat, RepliesGoBackTheWayTheClientComes) {
  Packet packet;
  open(packet);
  packet.flags = kAck;
  packet.source_mac = "02:00:00:00:00:b2";  // Another router has taken over.
  director().let_pass(2 * kPeriod);
  expect(build(packet), PINION_FORWARD_KNOWN, to_server(packet));
  const Packet answer = reply(packet, kAck);
  expect(build(answer), PINION_FORWARD_REPLY, to_client(packet, answer));
}

TEST_F(Nat, TheReplyHalfLivesAsLongAsTheConnection) {
  const Packet packet{.protocol = kUdp, .dport = 53};
  open(packet);
  // Only the client sends, long past the timeout.
  for (uint32_t passed = 0; passed < 3 * kUdpTimeout; passed += kUdpTimeout / 2) {
    director().let_pass(kUdpTimeout / 2);
    expect(build(packet), PINION_FORWARD_KNOWN, to_server(packet));
    EXPECT_GE(static_cast<int32_t>(half(PINION_REPLY).seen - forward().seen), 0);
  }
  // Only the real server does.
  const Packet answer = reply(packet);
  for (uint32_t passed = 0; passed < 3 * kUdpTimeout; passed += kUdpTimeout / 2) {
    director().let_pass(kUdpTimeout / 2);
    expect(build(answer), PINION_FORWARD_REPLY, to_client(packet, answer));
    EXPECT_GE(static_cast<int32_t>(half(PINION_REPLY).seen - forward().seen), 0);
  }
}

TEST_F(Nat, AReplyHalfThatWasLostIsMadeAgain) {
  Packet packet;
  open(packet);
  half(PINION_REPLY) = {};
  packet.flags = kAck;  // The state changes.
  expect(build(packet), PINION_FORWARD_KNOWN, to_server(packet));
  expect_states(PINION_STATE_ESTABLISHED);
  const Packet answer = reply(packet, kAck);
  expect(build(answer), PINION_FORWARD_REPLY, to_client(packet, answer));
}

TEST_F(Nat, AReplyWithoutAConnectionIsLeftToTheStack) {
  Packet packet;
  const Bytes answer = build(reply(packet, kAck));
  expect(answer, PINION_PASS_NOT_OURS, answer);
  open(packet);
  forward() = {};
  expect(answer, PINION_PASS_NOT_OURS, answer);
}

// Another connection of the same client has taken the place that the reply half names.
TEST_F(Nat, AReplyHalfNeverLeadsToAnotherConnection) {
  Packet packet;
  open(packet);
  const Bytes answer = build(reply(packet, kAck));
  forward().server = PINION_REFERENCE(1, 1);
  expect(answer, PINION_PASS_NOT_OURS, answer);
  forward().server = PINION_REFERENCE(kServer, 2);
  expect(answer, PINION_PASS_NOT_OURS, answer);
}

TEST_F(Nat, TwoVipsMustNotMeetAtOneServerFromOneClientsPort) {
  director().add_service({.port = 81, .index = 7, .slot_base = 20, .slots = {kServer}});
  Packet first, second{.dport = 81};
  open(first);
  first.flags = kAck;
  expect(build(first), PINION_FORWARD_KNOWN, to_server(first));
  expect(build(second), PINION_DROP_NAT_CLASH, build(second));
  const Packet answer = reply(first, kAck);
  expect(build(answer), PINION_FORWARD_REPLY, to_client(first, answer));
  expect_exact_load();
  // As soon as the first is being closed, the second may have its place.
  first.flags = kFin | kAck;
  expect(build(first), PINION_FORWARD_KNOWN, to_server(first));
  Bytes out = to_server(second);
  expect(build(second), PINION_FORWARD_NEW, out);
  Packet late = reply(second);
  expect(build(late), PINION_FORWARD_REPLY, to_client(second, late));
  expect_exact_load();
}

TEST_F(Nat, WithoutAPlaceForBothHalvesItIsDropped) {
  director().each_connection(
      [](pinion_connection& one) {
        one = {.word = PINION_STATE_ESTABLISHED, .seen = tick(), .server = 1};
      },
      true);
  const Bytes in = build({});
  expect(in, PINION_DROP_TABLE_FULL, in);
}

TEST_F(Nat, HalfAPlaceIsGivenBack) {
  // Everything is taken but the places of the forward half.
  Packet packet;
  expect(build(packet), PINION_FORWARD_NEW, to_server(packet));
  pinion_connection* spared = &forward();
  for (pinion_entry4& entry : director().entries4()) {
    entry = {};
    if (&entry.connection != spared)
      entry.connection = {.word = PINION_STATE_ESTABLISHED, .seen = tick(), .server = 1};
  }
  for (uint32_t server = 0; server < kServers; ++server) director().load()[server] = {};
  expect(build(packet), PINION_DROP_TABLE_FULL, build(packet));
  EXPECT_EQ(pinion_state_of(spared->word), PINION_STATE_FREE);
  EXPECT_EQ(director().load()[kServer].inactive, 0u);
}

TEST_F(Nat, FromAVlanThereIsNoLastHop) {
  const Packet packet{.tags = {0x8100}};
  expect(build(packet), PINION_FORWARD_NEW, to_server(packet));
  const Bytes answer = build(reply({}));
  expect(answer, PINION_DROP_NO_NEIGHBOUR, answer);
}

}  // namespace
}  // namespace pinion::packet
