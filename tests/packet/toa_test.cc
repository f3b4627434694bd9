// SPDX-License-Identifier: Apache-2.0
// Full NAT with TOA: whole frames, both families.
#include "tests/packet/told.h"

namespace pinion::packet {
namespace {

class Toa : public Told {
 protected:
  Toa() : Told(PINION_CLIENT_TOA) {}

  static size_t size_of(const Packet& packet) { return is_v6(packet) ? 20 : 8; }
  static Packet with_option(const Packet& packet) {
    Packet out = to_server(packet);
    out.tcp_options = joined(toa_option(packet), packet.tcp_options);
    return out;
  }
  void open(const Packet& packet) {
    sends(packet, with_option(packet), PINION_FORWARD_NEW);
    const Packet reply = answer(packet, 0, kSyn | kAck);
    answers(packet, reply, 0);
  }
};

const Packet kShapes[] = {
    {},
    {.tags = {0x8100}},
    {.ip_options = Bytes(40, 1)},
    {.tcp_options = Bytes(20, 1)},
    {.extensions = {hop_by_hop(), authentication()}, .tcp_options = Bytes(4, 1)},
};

TEST_F(Toa, StandsInTheSynAndInWhatEndsTheHandshake) {
  for (const Packet& shape : kShapes)
    for (const Packet& client : both(shape)) {
      if (!client.tags.empty()) continue;  // Replies have no way back there.
      const Packet first = syn(client);
      SCOPED_TRACE(hex(build(first)));
      director().each_connection([](pinion_connection& one) { one = {}; });
      open(first);
      const Packet ack = segment(client, 0);
      sends(ack, with_option(ack));
      const Packet data = segment(client, 0, Bytes(77, 'x'));
      sends(data, with_option(data));
      EXPECT_EQ(halves(PINION_TOA), 1u);
      EXPECT_EQ(halves(PINION_TOLD), 0u);
    }
}

TEST_F(Toa, GoesBehindVlanTags) {
  for (const Packet& client : both({.tags = {0x88a8, 0x8100}})) {
    const Packet first = syn(client);
    sends(first, with_option(first), PINION_FORWARD_NEW);
  }
}

TEST_F(Toa, StandsInTheSynThatIsSentAgainAndInOneWithData) {
  for (const Packet& client : both({})) {
    const Packet first = segment(client, ~0u, Bytes(9, 'd'), kSyn);
    open(first);
    sends(first, with_option(first));
  }
}

TEST_F(Toa, EndsWhenTheServerHasAnEstablishedConnection) {
  for (const Packet& client : both({})) {
    open(syn(client));
    answers(client, answer(client, 0, kSyn | kAck), 0);  // Again: it has not got the ACK.
    const Packet ack = segment(client, 0);
    sends(ack, with_option(ack));
    answers(client, answer(client, 0), 0);  // It speaks first.
    sends(ack, to_server(ack));
    const Packet fin = segment(client, 10, {}, kFin | kAck);
    sends(fin, to_server(fin));
  }
  EXPECT_EQ(halves(PINION_TOLD), 2u);
}

TEST_F(Toa, AResetSaysNothing) {
  for (const Packet& client : both({})) {
    open(syn(client));
    answers(client, answer(client, 0, kRst | kAck), 0);
    EXPECT_EQ(halves(PINION_TOLD), 0u);
  }
}

TEST_F(Toa, StaysAwayWhereTheHeaderHasNoRoom) {
  for (Packet client : both({})) {
    const size_t room = 40 - size_of(client);
    client.tcp_options = Bytes(room, 1);
    open(syn(client));
    director().each_connection([](pinion_connection& one) { one = {}; });
    client.tcp_options = Bytes(room + 4, 1);
    sends(syn(client), to_server(syn(client)), PINION_FORWARD_NEW);
  }
}

TEST_F(Toa, StaysAwayWhereThePacketWouldNotFit) {
  for (const Packet& client : both({})) {
    open(syn(client));
    const size_t most = 1500 - (is_v6(client) ? 60 : 40) - size_of(client);
    const Packet fits = segment(client, 0, Bytes(most, 'x'));
    sends(fits, with_option(fits));
    const Packet full = segment(client, 0, Bytes(most + 1, 'x'));
    sends(full, to_server(full));
  }
}

TEST_F(Toa, TheServersMssLeavesRoomForIt) {
  for (const Packet& client : both({})) {
    const Packet first = syn(client);
    sends(first, with_option(first), PINION_FORWARD_NEW);
    Packet reply = answer(client, 0, kSyn | kAck);
    reply.tcp_options = joined({1, 1, 1, 3, 3, 7, 1}, joined(mss_option(1460), {0}));
    Packet out = to_client(client, reply);
    const auto less = static_cast<uint16_t>(1460 - size_of(client));
    out.tcp_options = joined({1, 1, 1, 3, 3, 7, 1}, joined(mss_option(less), {0}));
    expect(build(reply), PINION_FORWARD_REPLY, build(out));
  }
}

TEST_F(Toa, OptionsThatContradictThemselvesStayAsTheyAre) {
  const Packet client;
  const Packet first = syn(client);
  sends(first, with_option(first), PINION_FORWARD_NEW);
  for (const Bytes& options : {Bytes{2, 0, 5, 0xb4}, Bytes{2, 1, 5, 0xb4}, Bytes{2, 5, 5, 0xb4},
                               Bytes{2, 3, 5, 0}, Bytes{1, 1, 1, 2}, Bytes{0, 0, 0, 0},
                               Bytes{3, 200, 5, 0xb4}, joined({0, 0, 0, 0}, mss_option(1460))}) {
    Packet reply = answer(client, 0, kSyn | kAck);
    reply.tcp_options = options;
    answers(client, reply, 0);
  }
}

TEST_F(Toa, AConnectionKeepsToWhatItsSynSaid) {
  const Packet client;
  open(syn(client));
  tell_by(PINION_CLIENT_NONE);
  const Packet ack = segment(client, 0);
  sends(ack, with_option(ack));
  answers(client, answer(client, 0), 0);

  set_states(PINION_STATE_TIME_WAIT);  // The next one of the same port is another.
  const Packet again = syn(client);
  sends(again, to_server(again), PINION_FORWARD_NEW);
  tell_by(PINION_CLIENT_TOA);
  sends(ack, to_server(ack));
  set_states(PINION_STATE_TIME_WAIT);
  open(again);
}

TEST_F(Toa, WhatBeganElsewhereIsNotToldOf) {
  for (const Packet& client : both({})) {
    const Packet data = segment(client, 500, Bytes(10, 'x'));
    sends(data, to_server(data), PINION_FORWARD_NEW);
    sends(data, to_server(data));
  }
}

TEST_F(Toa, EveryChecksumStaysRight) {
  for (uint32_t i = 0; i < 500; ++i) {
    const Packet client{.from = "10.1." + std::to_string(i % 256) + ".9",
                        .sport = static_cast<uint16_t>(i * 131 + 1024)};
    director().each_connection([](pinion_connection& one) { one = {}; });
    const Packet first = syn(client);
    sends(first, with_option(first), PINION_FORWARD_NEW);
  }
}

}  // namespace
}  // namespace pinion::packet
