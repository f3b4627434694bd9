// SPDX-License-Identifier: Apache-2.0
// Full NAT with PROXY protocol 2: whole frames of conversations, both families.
#include "tests/packet/told.h"

namespace pinion::packet {
namespace {

class Proxy : public Told {
 protected:
  Proxy() : Told(PINION_CLIENT_PROXY) {}

  static uint32_t size_of(const Packet& packet) { return is_v6(packet) ? 52 : 28; }
  static Packet with_header(const Packet& packet) {
    Packet out = to_server(packet);
    out.payload = joined(proxy_header(packet), packet.payload);
    return out;
  }
  static Packet shifted(const Packet& packet) {
    Packet out = to_server(packet);
    out.seq += size_of(packet);
    return out;
  }
  void open(const Packet& client) {
    sends(syn(client), to_server(syn(client)), PINION_FORWARD_NEW);
    answers(client, answer(client, 0, kSyn | kAck), 0);
  }
  // And the server has the header.
  void open_and_tell(const Packet& client) {
    open(client);
    const Packet ack = segment(client, 0);
    sends(ack, with_header(ack));
    answers(client, answer(client, size_of(client)), 0);
    EXPECT_EQ(halves(PINION_TOLD), 1u);
  }
  static void forget() {
    director().each_connection([](pinion_connection& one) { one = {}; });
  }
};

const Packet kShapes[] = {
    {},
    {.ip_options = Bytes(40, 1)},
    {.tcp_options = Bytes(40, 1)},
    {.extensions = {hop_by_hop(), authentication()}, .tcp_options = Bytes(12, 1)},
};

TEST_F(Proxy, AConversation) {
  for (const Packet& shape : kShapes)
    for (const Packet& client : both(shape)) {
      forget();
      const uint32_t size = size_of(client);
      open(client);
      const Packet ack = segment(client, 0);
      sends(ack, with_header(ack));
      const Packet first = segment(client, 0, Bytes(77, 'x'));
      sends(first, with_header(first));
      const Packet second = segment(client, 77, Bytes(100, 'z'));
      sends(second, shifted(second));
      answers(client, answer(client, size), 0);
      answers(client, answer(client, size + 77), 77);
      sends(first, shifted(first));  // From here on nothing is put in.
      sends(second, shifted(second));
      answers(client, answer(client, size + 177), 177);
      const Packet fin = segment(client, 177, {}, kFin | kAck);
      sends(fin, shifted(fin));
      answers(client, answer(client, size + 178, kFin | kAck), 178);
      const Packet last = segment(client, 178);
      sends(last, shifted(last));
    }
}

TEST_F(Proxy, WhatWasLostIsSentAgainWithItsHeader) {
  for (const Packet& client : both({})) {
    open(client);
    const Packet first = segment(client, 0, Bytes(77, 'x'));
    for (int i = 0; i < 3; ++i) {
      sends(first, with_header(first));
      answers(client, answer(client, 0), 0);
    }
  }
}

TEST_F(Proxy, AServerMaySpeakFirst) {
  for (const Packet& client : both({})) {
    open(client);
    const Packet ack = segment(client, 0);
    sends(ack, with_header(ack));
    answers(client, answer(client, 0), 0);  // Sent before the header came.
    sends(ack, with_header(ack));
    answers(client, answer(client, size_of(client)), 0);
    sends(ack, shifted(ack));
  }
}

TEST_F(Proxy, APartOfTheHeaderIsNothingToTheClient) {
  for (const Packet& client : both({})) {
    open(client);
    for (const uint32_t part : {1u, 10u, size_of(client) - 1})
      answers(client, answer(client, part), 0);
    EXPECT_EQ(halves(PINION_TOLD), 0u);
    const Packet first = segment(client, 0, Bytes(77, 'x'));
    sends(first, with_header(first));
  }
}

TEST_F(Proxy, AnEarlierConnectionsAcknowledgementSaysNothing) {
  const Packet client;
  open(client);
  answers(client, answer(client, 1u << 20), 1u << 20);
  EXPECT_EQ(halves(PINION_TOLD), 0u);
}

TEST_F(Proxy, SelectiveAcknowledgementsAreOfTheClientsStream) {
  const auto block = [](uint32_t from, uint32_t to) {
    Bytes out;
    for (const uint32_t edge : {kIsn + 1 + from, kIsn + 1 + to}) {
      put16(out, edge >> 16);
      put16(out, edge & 0xffff);
    }
    return out;
  };
  const Bytes usual{1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2};
  for (const Packet& client : both({})) {
    forget();
    const uint32_t size = size_of(client);
    open(client);
    for (const bool told : {false, true}) {
      Packet reply = answer(client, told ? size + 77 : 0);
      reply.tcp_options =
          joined(usual, joined({1, 1, 5, 26}, joined(block(size + 100, size + 200),
                                                     joined(block(size + 300, size + 400),
                                                            block(size + 500, size + 600)))));
      Packet out = to_client(client, reply);
      out.ack = kIsn + 1 + (told ? 77 : 0);
      out.tcp_options = joined(
          usual,
          joined({1, 1, 5, 26}, joined(block(100, 200), joined(block(300, 400), block(500, 600)))));
      expect(build(reply), PINION_FORWARD_REPLY, build(out));
    }
    Packet four = answer(client, size + 77);
    Packet out = to_client(client, four);
    four.tcp_options = {5, 34, 1, 1};  // Not in words of four.
    out.tcp_options = {5, 34, 1, 1};
    four.tcp_options = {1, 5, 34};
    out.tcp_options = {1, 5, 34};
    for (uint32_t i = 0; i < 4; ++i) {
      four.tcp_options = joined(four.tcp_options, block(size + i * 100, size + i * 100 + 9));
      out.tcp_options = joined(out.tcp_options, block(i * 100, i * 100 + 9));
    }
    four.tcp_options.push_back(0);
    out.tcp_options.push_back(0);
    out.ack = kIsn + 1 + 77;
    expect(build(four), PINION_FORWARD_REPLY, build(out));
  }
}

TEST_F(Proxy, TimestampsAloneStayAsTheyAre) {
  const Packet client;
  open_and_tell(client);
  Packet reply = answer(client, size_of(client) + 5);
  reply.tcp_options = {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2};
  answers(client, reply, 5);
}

TEST_F(Proxy, ResetsFitTheOtherEndsNumbers) {
  for (const Packet& client : both({})) {
    forget();
    open(client);
    Packet reset = segment(client, 0, {}, kRst);
    sends(reset, to_server(reset));  // The server knows of no header yet.
    forget();
    open_and_tell(client);
    answers(client, answer(client, size_of(client) + 9, kRst | kAck), 9);
    Packet bare = answer(client, 0, kRst);  // Its acknowledgement is none.
    bare.ack = 0;
    Packet out = to_client(client, bare);
    expect(build(bare), PINION_FORWARD_REPLY, build(out));
    reset = segment(client, 9, {}, kRst);
    sends(reset, shifted(reset));
  }
}

TEST_F(Proxy, AResetInTheMiddleOfTheHandshakeTellsNothing) {
  const Packet client;
  open(client);
  answers(client, answer(client, size_of(client), kRst | kAck), 0);
  EXPECT_EQ(halves(PINION_TOLD), 0u);
}

TEST_F(Proxy, ProbesOfASilentConnection) {
  for (const Packet& client : both({})) {
    open(client);
    const Packet probe = segment(client, ~0u);  // One before what it would send next.
    sends(probe, to_server(probe));
    const Packet ack = segment(client, 0);
    sends(ack, with_header(ack));
    answers(client, answer(client, size_of(client)), 0);
    sends(probe, shifted(probe));
  }
}

TEST_F(Proxy, UrgentDataStaysWhereItIs) {
  for (Packet client : both({.urgent = 5})) {
    open(client);
    Packet first = segment(client, 0, Bytes(10, 'x'), kAck | kUrg);
    Packet out = with_header(first);
    out.urgent = static_cast<uint16_t>(5 + size_of(client));
    sends(first, out);
    const Packet second = segment(client, 10, Bytes(10, 'x'), kAck | kUrg);
    sends(second, shifted(second));
  }
}

TEST_F(Proxy, AnotherConnectionOfThePortBeginsAnew) {
  for (const Packet& client : both({})) {
    forget();
    open_and_tell(client);
    set_states(PINION_STATE_TIME_WAIT);
    const auto later = [](Packet packet) {
      packet.seq += 0x00345678;
      return packet;
    };
    sends(later(syn(client)), to_server(later(syn(client))), PINION_FORWARD_NEW);
    EXPECT_EQ(halves(PINION_TOLD), 0u);
    const Packet first = later(segment(client, 0, Bytes(77, 'x')));
    sends(first, with_header(first));
    Packet reply = answer(client, size_of(client) + 0x00345678);
    answers(client, reply, 0x00345678);
    sends(first, shifted(first));
  }
}

TEST_F(Proxy, ASynWithAnotherNumberBeginsAnew) {
  const Packet client;
  open(client);
  Packet other = syn(client);
  other.seq += 1000;
  sends(other, to_server(other));
  const Packet first = segment(client, 1000, Bytes(77, 'x'));
  sends(first, with_header(first));
}

TEST_F(Proxy, ALateSynChangesNothing) {
  const Packet client;
  open(client);
  const Packet first = segment(client, 0, Bytes(77, 'x'));
  sends(first, with_header(first));
  Packet late = syn(client);
  late.seq -= 1000;
  sends(late, to_server(late));
  sends(first, with_header(first));
}

TEST_F(Proxy, AReplyHalfThatWasLostIsMadeAgain) {
  for (const Packet& client : both({})) {
    open(client);
    director().each_connection([](pinion_connection& one) {
      if (one.flags & PINION_REPLY) one = {};
    });
    const Packet ack = segment(client, 0);
    sends(ack, with_header(ack));
    const Packet second = segment(client, 77, Bytes(100, 'z'));
    sends(second, shifted(second));
  }
}

TEST_F(Proxy, TheServersMssLeavesRoomForTheHeader) {
  for (const Packet& client : both({})) {
    sends(syn(client), to_server(syn(client)), PINION_FORWARD_NEW);
    Packet reply = answer(client, 0, kSyn | kAck);
    reply.tcp_options = mss_option(1460);
    Packet out = to_client(client, reply);
    out.tcp_options = mss_option(static_cast<uint16_t>(1460 - size_of(client)));
    expect(build(reply), PINION_FORWARD_REPLY, build(out));
    reply.tcp_options = out.tcp_options = mss_option(100);  // There is hardly any.
    if (is_v6(client)) expect(build(reply), PINION_FORWARD_REPLY, build(out));
  }
}

TEST_F(Proxy, AnOpeningWithDataIsTakenBack) {
  const Bytes cookie{34, 10, 1, 2, 3, 4, 5, 6, 7, 8},
      multipath{30, 12, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  for (Packet client : both({})) {
    client.tcp_options =
        joined(joined(mss_option(1460), cookie), joined(multipath, {3, 3, 7, 1, 0, 0}));
    Packet out = to_server(syn(client));
    out.tcp_options =
        joined(joined(mss_option(1460), Bytes(10, 1)), joined(Bytes(12, 1), {3, 3, 7, 1, 0, 0}));
    sends(syn(client), out, PINION_FORWARD_NEW);
    Packet reply = answer(client, 0, kSyn | kAck);
    reply.tcp_options = {34, 6, 1, 2, 3, 4, 1, 1};
    Packet back = to_client(client, reply);
    back.tcp_options = Bytes(8, 1);
    expect(build(reply), PINION_FORWARD_REPLY, build(back));
  }
}

TEST_F(Proxy, ASynWithDataIsDropped) {
  for (const Packet& client : both({})) {
    const Packet with_data = segment(client, ~0u, Bytes(1, 'd'), kSyn);
    const Ran ran = director().run(build(with_data));
    EXPECT_EQ(ran.action, static_cast<uint32_t>(XDP_DROP));
  }
  EXPECT_EQ(director().verdict(PINION_DROP_SYN_DATA), 2u);
}

TEST_F(Proxy, WhatDoesNotFitWithTheHeaderIsAnswered) {
  for (const Packet& client : both({.fragment = 0x4000})) {
    open(client);
    const size_t most = 1500 - (is_v6(client) ? 60 : 40) - size_of(client);
    const Packet fits = segment(client, 0, Bytes(most, 'x'));
    sends(fits, with_header(fits));
    const Ran ran = director().run(build(segment(client, 0, Bytes(most + 1, 'x'))));
    EXPECT_EQ(ran.action, static_cast<uint32_t>(XDP_TX));
    const size_t mtu = is_v6(client) ? 14 + 40 + 4 + 2 : 14 + 20 + 6;  // Its last two bytes.
    ASSERT_GT(ran.out.size(), mtu + 2);
    EXPECT_EQ(ran.out[mtu] << 8 | ran.out[mtu + 1], static_cast<int>(1500 - size_of(client)));
  }
  EXPECT_EQ(director().verdict(PINION_REPLY_TOO_BIG), 2u);
}

TEST_F(Proxy, AConnectionKeepsToWhatItsSynSaid) {
  const Packet client;
  open(client);
  tell_by(PINION_CLIENT_NONE);
  const Packet first = segment(client, 0, Bytes(77, 'x'));
  sends(first, with_header(first));
  answers(client, answer(client, size_of(client) + 77), 77);
  sends(first, shifted(first));
}

TEST_F(Proxy, WhatBeganWithoutItGoesOnWithoutIt) {
  const Packet client;
  tell_by(PINION_CLIENT_NONE);
  open(client);
  tell_by(PINION_CLIENT_PROXY);
  const Packet first = segment(client, 0, Bytes(77, 'x'));
  sends(first, to_server(first));
  answers(client, answer(client, 77), 77);
}

TEST_F(Proxy, WhatBeganElsewhereHasNone) {
  for (const Packet& client : both({})) {
    const Packet data = segment(client, 500, Bytes(10, 'x'));
    sends(data, to_server(data), PINION_FORWARD_NEW);
    answers(client, answer(client, 510), 510);
  }
}

TEST_F(Proxy, EveryChecksumStaysRight) {
  for (uint32_t i = 0; i < 500; ++i) {
    const Packet client{.from = "10.1." + std::to_string(i % 256) + ".9",
                        .sport = static_cast<uint16_t>(i * 131 + 1024)};
    forget();
    open(client);
    const Packet first = segment(client, 0, Bytes(i % 50, static_cast<uint8_t>(i)));
    sends(first, with_header(first));
    const Packet second = segment(client, i + 1, Bytes(3, static_cast<uint8_t>(i)));
    sends(second, shifted(second));
    answers(client, answer(client, 28 + i), i);
  }
}

}  // namespace
}  // namespace pinion::packet
