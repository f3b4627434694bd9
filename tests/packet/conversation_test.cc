// SPDX-License-Identifier: Apache-2.0
// Connections from their first packet to their last: states, real servers, load and counters.
#include <linux/bpf.h>

#include <algorithm>
#include <random>

#include "balancer/bpf/conntrack/connection_table.h"
#include "tests/packet/director.h"

namespace pinion::packet {
namespace {

constexpr uint32_t kFirst = 1, kSecond = 5;  // Of service 10.0.0.1:80.

class Connection : public WithDirector {
 protected:
  void SetUp() override {
    WithDirector::SetUp();
    if (!IsSkipped()) director().add_server(kSecond, {});
  }

  // The service's slots now lead to that server only; the other one has weight 0.
  void drain_towards(uint32_t server, uint32_t drained) {
    director().add_server(drained, {.accepts = false});
    director().add_server(server, {});
    director().add_service({.slot_base = 20, .slots = {server}});
  }

  void say(uint8_t flags, pinion_verdict verdict, uint32_t server, uint8_t state) {
    expect_forwarded({.flags = flags}, verdict, server);
    EXPECT_EQ(pinion_state_of(connection().word), state);
    expect_exact_load();
  }
  void syn() { say(kSyn, PINION_FORWARD_NEW, kFirst, PINION_STATE_SYN_RECEIVED); }
  void open() {
    syn();
    say(kAck, PINION_FORWARD_KNOWN, kFirst, PINION_STATE_ESTABLISHED);
  }
  void close() {
    open();
    say(kFin | kAck, PINION_FORWARD_KNOWN, kFirst, PINION_STATE_FIN_WAIT);
    say(kAck, PINION_FORWARD_KNOWN, kFirst, PINION_STATE_FIN_WAIT);
  }
  void expect_load(uint32_t server, uint32_t active, uint32_t inactive) {
    EXPECT_EQ(director().load()[server].active, active);
    EXPECT_EQ(director().load()[server].inactive, inactive);
  }
};

TEST_F(Connection, FromHandshakeToTeardown) {
  syn();
  expect_load(kFirst, 0, 1);
  say(kAck, PINION_FORWARD_KNOWN, kFirst, PINION_STATE_ESTABLISHED);
  expect_load(kFirst, 1, 0);
  say(kFin | kAck, PINION_FORWARD_KNOWN, kFirst, PINION_STATE_FIN_WAIT);
  expect_load(kFirst, 0, 1);
  say(kAck, PINION_FORWARD_KNOWN, kFirst, PINION_STATE_FIN_WAIT);
  const pinion_counters counters = director().counters(kFirst);
  EXPECT_EQ(counters.connections, 1u);
  EXPECT_EQ(counters.packets, 4u);
  EXPECT_EQ(counters.bytes, 4u * 45);
}

TEST_F(Connection, Reset) {
  open();
  say(kRst, PINION_FORWARD_KNOWN, kFirst, PINION_STATE_CLOSED);
  expect_load(kFirst, 0, 1);
}

TEST_F(Connection, StaysWhereItIsWhateverBecomesOfTheService) {
  open();
  drain_towards(kSecond, kFirst);
  say(kAck, PINION_FORWARD_KNOWN, kFirst, PINION_STATE_ESTABLISHED);
  director().remove_service({});
  say(kFin | kAck, PINION_FORWARD_KNOWN, kFirst, PINION_STATE_FIN_WAIT);
  say(kAck, PINION_FORWARD_KNOWN, kFirst, PINION_STATE_FIN_WAIT);
}

TEST_F(Connection, HalfOpenStaysOnAServerOfWeight0) {
  syn();
  drain_towards(kSecond, kFirst);
  say(kSyn, PINION_FORWARD_KNOWN, kFirst, PINION_STATE_SYN_RECEIVED);
  say(kAck, PINION_FORWARD_KNOWN, kFirst, PINION_STATE_ESTABLISHED);
}

TEST_F(Connection, SynOnAnEstablishedOneIsTheRealServersToAnswer) {
  open();
  drain_towards(kSecond, kFirst);
  say(kSyn, PINION_FORWARD_KNOWN, kFirst, PINION_STATE_ESTABLISHED);
}

TEST_F(Connection, PortReusedAtOnceOnTheSameServer) {
  close();
  say(kSyn, PINION_FORWARD_NEW, kFirst, PINION_STATE_SYN_RECEIVED);
  say(kAck, PINION_FORWARD_KNOWN, kFirst, PINION_STATE_ESTABLISHED);
  EXPECT_EQ(director().counters(kFirst).connections, 2u);
}

TEST_F(Connection, PortReusedOnAnotherServerIfTheOldOneTakesNoMore) {
  close();
  drain_towards(kSecond, kFirst);
  say(kSyn, PINION_FORWARD_NEW, kSecond, PINION_STATE_SYN_RECEIVED);
  expect_load(kFirst, 0, 0);
  expect_load(kSecond, 0, 1);
  EXPECT_EQ(director().counters(kSecond).connections, 1u);
}

TEST_F(Connection, PortReusedAfterAReset) {
  open();
  say(kRst, PINION_FORWARD_KNOWN, kFirst, PINION_STATE_CLOSED);
  drain_towards(kSecond, kFirst);
  say(kSyn, PINION_FORWARD_NEW, kSecond, PINION_STATE_SYN_RECEIVED);
}

TEST_F(Connection, PortReusedWhenTheServiceIsGone) {
  close();
  drain_towards(kSecond, kFirst);
  director().remove_service({});
  const Bytes in = build({});
  expect(in, PINION_PASS_NOT_OURS, in);
  expect_load(kFirst, 0, 0);
}

TEST_F(Connection, InMidStreamIsPickedUpAndRemembered) {
  say(kAck, PINION_FORWARD_NEW, kFirst, PINION_STATE_PICKED_UP);
  say(kAck, PINION_FORWARD_KNOWN, kFirst, PINION_STATE_PICKED_UP);
  expect_load(kFirst, 0, 1);
  say(kSyn, PINION_FORWARD_NEW, kFirst, PINION_STATE_SYN_RECEIVED);
}

TEST_F(Connection, ExpiredButNotSweptGoesOn) {
  open();
  director().let_pass(kEstablishedTimeout + 1);
  say(kAck, PINION_FORWARD_KNOWN, kFirst, PINION_STATE_ESTABLISHED);
  EXPECT_LT(pinion_idle(connection().seen, tick()), 1000u) << "it was not seen";
}

TEST_F(Connection, SeenInTheFutureIsNotExpired) {
  open();
  connection().seen = tick() + 100'000;
  say(kAck, PINION_FORWARD_KNOWN, kFirst, PINION_STATE_ESTABLISHED);
}

// The index has become another's: no packet may go to a stranger.
TEST_F(Connection, OfAnEarlierGenerationIsDropped) {
  open();
  director().add_server(kFirst, {.generation = 2});
  const Bytes in = build({.flags = kAck});
  expect(in, PINION_DROP_INTERNAL, in);
  EXPECT_EQ(director().counters(kFirst).packets, 2u);
}

TEST_F(Connection, OfAnEarlierGenerationEndsWithItsPortsReuse) {
  close();
  director().add_server(kFirst, {.generation = 2});
  director().add_service({.slot_base = 20, .slots = {kFirst}});
  say(kSyn, PINION_FORWARD_NEW, kFirst, PINION_STATE_SYN_RECEIVED);
  EXPECT_EQ(PINION_GENERATION(connection().server), 2u);
}

class Unreachable : public Connection, public testing::WithParamInterface<bool> {
 protected:
  // The next hop is not known any more, or is known and silent.
  void lose(uint32_t server) {
    pinion_real_server& entry = director().servers()[server];
    if (GetParam())
      entry.flags |= PINION_SERVER_UNREACHABLE;
    else
      std::fill(std::begin(entry.next_hop), std::end(entry.next_hop), uint8_t{0});
    director().add_service({.slot_base = 20, .slots = {kSecond}});
  }
};

TEST_P(Unreachable, ASynThatIsSentAgainFindsAnotherServer) {
  syn();
  lose(kFirst);
  say(kSyn, PINION_FORWARD_NEW, kSecond, PINION_STATE_SYN_RECEIVED);
  expect_load(kFirst, 0, 0);
  expect_load(kSecond, 0, 1);
}

TEST_P(Unreachable, WhatTheClientHasAnAnswerToStays) {
  open();
  lose(kFirst);
  const Bytes ack = build({.flags = kAck}), syn = build({});
  const auto verdict = GetParam() ? PINION_FORWARD_KNOWN : PINION_DROP_NO_NEIGHBOUR;
  expect(ack, verdict, GetParam() ? towards(kFirst, ack) : ack);
  expect(syn, verdict, GetParam() ? towards(kFirst, syn) : syn);
  expect_load(kFirst, 1, 0);
}

INSTANTIATE_TEST_SUITE_P(Server, Unreachable, testing::Bool(),
                         [](const auto& at) { return at.param ? "Silent" : "Unresolved"; });

class UdpFlow : public Connection {
 protected:
  static constexpr uint32_t kServer = 2;
  const Packet datagram_{.protocol = kUdp, .dport = 53};

  void drain() {
    director().add_server(kServer, {.accepts = false});
    director().add_service(
        {.port = 53, .protocol = kUdp, .index = 2, .slot_base = 20, .slots = {kSecond}});
  }
};

TEST_F(UdpFlow, IsOneConnectionUntilItsTimeout) {
  expect_forwarded(datagram_, PINION_FORWARD_NEW, kServer);
  expect_load(kServer, 1, 0);
  director().let_pass(kUdpTimeout - 100);
  expect_forwarded(datagram_, PINION_FORWARD_KNOWN, kServer);
  director().let_pass(kUdpTimeout + 1);
  expect_forwarded(datagram_, PINION_FORWARD_NEW, kServer);
  expect_forwarded(datagram_, PINION_FORWARD_KNOWN, kServer);
  EXPECT_EQ(director().counters(kServer).connections, 2u);
  expect_load(kServer, 1, 0);
}

TEST_F(UdpFlow, StaysOnAServerOfWeight0UntilItsTimeout) {
  expect_forwarded(datagram_, PINION_FORWARD_NEW, kServer);
  drain();
  expect_forwarded(datagram_, PINION_FORWARD_KNOWN, kServer);
  director().let_pass(kUdpTimeout + 1);
  expect_forwarded(datagram_, PINION_FORWARD_NEW, kSecond);
  expect_load(kServer, 0, 0);
  expect_load(kSecond, 1, 0);
  expect_exact_load();
}

TEST_F(UdpFlow, LeavesAServerThatIsUnreachable) {
  expect_forwarded(datagram_, PINION_FORWARD_NEW, kServer);
  drain();
  director().servers()[kServer].flags |= PINION_SERVER_UNREACHABLE;
  expect_forwarded(datagram_, PINION_FORWARD_NEW, kSecond);
  expect_exact_load();
}

// Many conversations at once, with servers that come and go: the load is what the table says.
TEST_F(Connection, LoadStaysExactWhateverHappens) {
  std::mt19937 random(11);
  const uint8_t flags[] = {kSyn, kSyn, kAck, kAck, kFin | kAck, kRst};
  for (int i = 0; i < 20'000; ++i) {
    const uint32_t server = random() % 2 ? kFirst : kSecond;
    if (i % 50 == 0) drain_towards(server, kFirst + kSecond - server);
    if (i % 400 == 0) director().let_pass(kFinTimeout / 2);
    director().run(build({.sport = static_cast<uint16_t>(random() % 3000),
                          .flags = flags[random() % std::size(flags)]}));
  }
  expect_exact_load();
  EXPECT_GT(director().verdict(PINION_FORWARD_NEW), 1000u);
}

}  // namespace
}  // namespace pinion::packet
