// SPDX-License-Identifier: Apache-2.0
// ICMP errors about what crosses, and its fragments: whole frames.
#include <string>
#include <utility>
#include <vector>

#include "tests/packet/crossing.h"
#include "tests/packet/fragments.h"
#include "tests/packet/narrow.h"

namespace pinion::packet {
namespace {

constexpr size_t kQuoted4 = 28, kQuoted6 = 48;  // A header, and 8 bytes.

class CrossingIcmp : public WithCrossing {
 protected:
  // What a router says of what the client's packet has become, and what the client hears.
  static Packet to_server_side(const Packet& packet, uint16_t port, const Error& error,
                               size_t quoted = kAll) {
    Packet in = error_about(crossed(packet, port), error, quoted);
    in.source_mac = "02:00:00:00:00:dd";
    return in;
  }
  static Packet heard_by_client(Packet packet, const Error& error) {
    --packet.ttl;
    packet.extensions = {};
    packet.traffic_class = 0;
    Packet out = error_about(packet, error, kQuoted6);
    out.destination_mac = packet.source_mac;
    out.source_mac = packet.destination_mac;
    out.from = packet.to;
    out.traffic_class = 0;
    --out.ttl;
    return out;
  }

  // The same of the server's.
  static Packet to_client_side(const Packet& packet, const Packet& answer, const Error& error,
                               size_t quoted = kAll) {
    return error_about(returned(packet, answer), error, quoted);
  }
  static Packet heard_by_server(Packet answer, const Error& error) {
    --answer.ttl;
    answer.id = 0;
    answer.fragment = kDontFragment;
    answer.traffic_class = 0;
    Packet out = error_about(answer, error, kQuoted4);
    out.destination_mac = next_hop_of(kCrossed);
    out.source_mac = kEgressMac;
    out.from = kLocal;
    out.to = kCrossedAddress;
    out.id = 0;
    out.fragment = kDontFragment;
    --out.ttl;
    return out;
  }

  void expect_lost(const Packet& in) { expect(build(in), PINION_DROP_UNTRANSLATABLE, build(in)); }
};

Error error4(uint8_t type, uint8_t code, uint16_t rest = 0) {
  return {.type4 = type, .type6 = 0, .code = code, .rest = rest};
}
Error error6(uint8_t type, uint8_t code, uint16_t rest = 0) {
  return {.type4 = 0, .type6 = type, .code = code, .rest = rest};
}

// RFC 7915, 4.2.
TEST_F(CrossingIcmp, FromTheServersSideAreTranslatedForTheClient) {
  const struct {
    Error in, out;
  } kinds[] = {
      {error4(3, 0), error6(1, 0)},
      {error4(3, 1), error6(1, 0)},
      {error4(3, 2), error6(4, 1, 6)},
      {error4(3, 3), error6(1, 4)},
      {error4(3, 4, 1380), error6(2, 0, 1400)},
      {error4(3, 4, 600), error6(2, 0, 1280)},
      {error4(3, 5), error6(1, 0)},
      {error4(3, 8), error6(1, 0)},
      {error4(3, 9), error6(1, 1)},
      {error4(3, 10), error6(1, 1)},
      {error4(3, 12), error6(1, 0)},
      {error4(3, 13), error6(1, 1)},
      {error4(3, 15), error6(1, 1)},
      {error4(11, 0), error6(3, 0)},
      {error4(11, 1), error6(3, 1)},
  };
  for (Packet packet : {asking(), asking({.protocol = kUdp, .sport = 40001, .dport = 53})}) {
    const uint16_t port = ask(packet);
    for (const auto& [in, out] : kinds)
      for (const size_t quoted : {kQuoted4, kQuoted4 + 3, kAll})
        expect(build(to_server_side(packet, port, in, quoted)), PINION_FORWARD_ICMP,
               build(heard_by_client(packet, out)));
    for (const Error& in : {error4(3, 14), error4(3, 16), error4(11, 2), kParameter})
      expect_lost(to_server_side(packet, port, in));
  }
}

// RFC 7915, 5.2.
TEST_F(CrossingIcmp, FromTheClientsSideAreTranslatedForTheServer) {
  const struct {
    Error in, out;
  } kinds[] = {
      {error6(1, 0), error4(3, 1)},  {error6(1, 1), error4(3, 10)},
      {error6(1, 2), error4(3, 1)},  {error6(1, 3), error4(3, 1)},
      {error6(1, 4), error4(3, 3)},  {error6(2, 0, 1400), error4(3, 4, 1380)},
      {error6(3, 0), error4(11, 0)}, {error6(3, 1), error4(11, 1)},
      {error6(4, 1), error4(3, 2)},
  };
  for (Packet packet : {asking(), asking({.protocol = kUdp, .sport = 40001, .dport = 53})}) {
    const Packet back = answering(packet, ask(packet), kAck);
    for (const auto& [in, out] : kinds)
      for (const size_t quoted : {kQuoted6, kQuoted6 + 3, kAll})
        expect(build(to_client_side(packet, back, in, quoted)), PINION_FORWARD_ICMP,
               build(heard_by_server(back, out)));
    for (const Error& in : {error6(1, 5), error6(1, 8), error6(3, 2), error6(4, 0), error6(4, 2)})
      expect_lost(to_client_side(packet, back, in));
  }
}

TEST_F(CrossingIcmp, ThroughVlansAndPastHeaders) {
  const Packet packet =
      asking({.tags = {0x88a8, 0x8100}, .extensions = {hop_by_hop(), destination_options()}});
  const Packet back = answering(packet, ask(packet), kAck);
  Packet in = to_client_side(packet, back, kUnreachable);
  Packet out = heard_by_server(back, kUnreachable);
  in.tags = out.tags = packet.tags;
  // Other numbers: ICMPv6's port unreachable.
  in = to_client_side(packet, back, error6(1, 4));
  in.tags = packet.tags;
  in.extensions = {hop_by_hop()};
  expect(build(in), PINION_FORWARD_ICMP, build(out));
}

// They are made smaller anyway.
TEST_F(CrossingIcmp, AreNeverTooBig) {
  const Packet packet = asking();
  const uint16_t port = ask(packet);
  const Packet about = sized(asking(), 1400);
  director().servers()[kCrossed].mtu = 600;
  expect(build(to_client_side(packet, sized(answering(packet, port, kAck), 1300), kExceeded)),
         PINION_FORWARD_ICMP,
         build(heard_by_server(sized(answering(packet, port, kAck), 1300), error4(11, 0))));
  const Narrow narrow(1300);
  if (!narrow.index()) GTEST_SKIP() << "this machine makes no interface of our own";
  director().allow_egress(narrow.index(), narrow.index());
  director().let_pass(2 * kPeriod);
  director().run(build(packet), narrow.index());
  EXPECT_EQ(director().run(build(to_server_side(about, port, kUnreachable))).action,
            static_cast<uint32_t>(XDP_REDIRECT));
}

// Of clients whose servers are told of them by PROXY protocol.
TEST_F(CrossingIcmp, HideWhatTellsTheServer) {
  director().servers()[kCrossed].client_address = PINION_CLIENT_PROXY;
  Packet packet = asking({.payload = {}});
  const uint16_t port = ask(packet);
  director().run(build(answering(packet, port)));
  packet.flags = kAck;
  packet.seq = 2;
  const struct {
    uint16_t mtu, told;
  } mtus[] = {{0, 1280}, {20, 1280}, {1312, 1280}, {1400, 1368}, {65535, 65503}};
  for (const auto& [mtu, told] : mtus)
    expect(build(to_server_side(packet, port, error4(3, 4, mtu))), PINION_FORWARD_ICMP,
           build(heard_by_client(packet, error6(2, 0, told))));
  director().run(build(packet));
  Packet heard = answering(packet, port, kAck);
  heard.ack = 2 + 52;
  director().run(build(heard));
  Packet sent = packet;
  sent.seq += 52;
  expect(build(to_server_side(sent, port, error4(3, 4, 1400))), PINION_FORWARD_ICMP,
         build(heard_by_client(packet, error6(2, 0, 1420))));
}

// What is made anew would hide it.
TEST_F(CrossingIcmp, ThatWereCorruptedAreNotTranslated) {
  const Packet packet = asking();
  const uint16_t port = ask(packet);
  for (const Packet& error :
       {to_server_side(packet, port, kUnreachable),
        to_client_side(packet, sized(answering(packet, port, kAck), 1200), error6(1, 4))}) {
    Bytes in = build(error);
    in.back() ^= 1;
    expect(in, PINION_PASS_MALFORMED, in);
  }
}

// Its header takes 8 bytes that an IPv4 fragment has for more.
TEST_F(CrossingIcmp, AboutAFragmentSayWhatFitsOfThat) {
  const Packet packet = asking({.protocol = kUdp, .dport = 53});
  Packet back = answering(packet, ask(packet));
  Packet seen = returned(packet, back);
  seen.extensions = {ipv6_fragment(1)};
  expect(build(error_about(seen, error6(2, 0, 1400))), PINION_FORWARD_ICMP,
         build(heard_by_server(back, error4(3, 4, 1372))));
}

TEST_F(CrossingIcmp, OfAnyMtuSayOneThatThereIs) {
  const Packet packet = asking();
  const uint16_t port = ask(packet);
  for (const auto& [mtu, told] : {std::pair<uint16_t, uint16_t>{0, 1280}, {65515, 65535}})
    expect(build(to_server_side(packet, port, error4(3, 4, mtu))), PINION_FORWARD_ICMP,
           build(heard_by_client(packet, error6(2, 0, told))));
  const Packet back = answering(packet, port, kAck);
  for (const auto& [mtu, told] : {std::pair<uint16_t, uint16_t>{0, 68}, {65535, 65515}})
    expect(build(to_client_side(packet, back, error6(2, 0, mtu))), PINION_FORWARD_ICMP,
           build(heard_by_server(back, error4(3, 4, told))));
}

TEST_F(CrossingIcmp, AreNotSentOnWithoutTtl) {
  const Packet packet = asking();
  const uint16_t port = ask(packet);
  Packet in = to_server_side(packet, port, kExceeded);
  in.ttl = 1;
  expect(build(in), PINION_DROP_TTL, build(in));
  in = to_client_side(packet, answering(packet, port), kExceeded);
  in.ttl = 1;
  expect(build(in), PINION_DROP_TTL, build(in));
}

TEST_F(CrossingIcmp, AboutNobodysConnectionAreLeftToTheStack) {
  const Packet packet = asking();
  const uint16_t port = ask(packet);
  const Packet stray = to_server_side(packet, static_cast<uint16_t>(port + 1), kUnreachable);
  expect(build(stray), PINION_PASS_OTHER_PROTOCOL, build(stray));
}

TEST_F(CrossingIcmp, AboutMappedAddressesAreNobodys) {
  const Packet packet = asking();
  Packet forged = crossed(packet, ask(packet));
  forged.from = std::string("::ffff:") + kLocal;
  forged.to = std::string("::ffff:") + kCrossedAddress;
  const Packet in = error_about(forged, kTooBig6);
  expect(build(in), PINION_PASS_OTHER_PROTOCOL, build(in));
}

class CrossingFragments : public WithCrossing {
 protected:
  static constexpr size_t kSize = 1024;

  static Packet datagram() {
    Packet packet = asking({.protocol = kUdp, .dport = 53});
    packet.payload = Bytes(3000, 'x');
    for (size_t i = 0; i < packet.payload.size(); ++i)
      packet.payload[i] = static_cast<uint8_t>(i * 3);
    return packet;
  }

  std::vector<Bytes> run_all(const std::vector<Bytes>& fragments, pinion_verdict first) {
    std::vector<Bytes> out;
    for (const Bytes& fragment : fragments) {
      const auto verdict = out.empty() ? first : PINION_FORWARD_FRAGMENT;
      const uint64_t before = director().verdict(verdict);
      const Ran ran = director().run(fragment);
      EXPECT_EQ(ran.action, static_cast<uint32_t>(XDP_TX));
      EXPECT_EQ(director().verdict(verdict), before + 1);
      out.push_back(ran.out);
    }
    return out;
  }
  static void expect_same(const std::vector<Bytes>& seen, const std::vector<Bytes>& wanted) {
    ASSERT_EQ(seen.size(), wanted.size());
    for (size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(hex(seen[i]), hex(wanted[i])) << i;
  }
};

TEST_F(CrossingFragments, OfTheClientStayFragments) {
  const Packet packet = datagram();
  const auto seen = run_all(fragments_of(build(packet), kSize), PINION_FORWARD_NEW);
  Packet wanted = crossed(packet, local_port(packet));
  wanted.fragment = 0;
  wanted.id = id_of(seen.at(0));
  expect_same(seen, fragments_of(build(wanted), kSize));
  EXPECT_EQ(director().fragments().size(), 0u) << "all of it has passed";
}

TEST_F(CrossingFragments, OfTheServerStayFragments) {
  const Packet packet = asking({.protocol = kUdp, .dport = 53});
  Packet back = answering(packet, ask(packet));
  back.fragment = 0;
  back.payload = datagram().payload;
  const auto seen = run_all(fragments_of(build(back), kSize), PINION_FORWARD_REPLY);
  const Packet wanted = with_label_of(returned(packet, back), seen.at(0));
  const Bytes& first = seen.at(0);
  uint32_t id = 0;
  for (size_t at = 14 + 40 + 4; at < 14 + 40 + 8; ++at) id = id << 8 | first.at(at);
  expect_same(seen, fragments_of(build(wanted), kSize, id));
  EXPECT_EQ(director().fragments().size(), 0u) << "all of it has passed";
  EXPECT_EQ(director().counters(kCrossed).reply_packets, 3u);
}

TEST_F(CrossingFragments, AheadOfTheFirstAreHeld) {
  const auto all = fragments_of(build(datagram()), kSize);
  EXPECT_EQ(director().run(all[1]).action, static_cast<uint32_t>(XDP_DROP));
  EXPECT_EQ(director().verdict(PINION_HOLD_FRAGMENT), 1u);
  EXPECT_EQ(director().early_fragments().size(), 1u);
}

}  // namespace
}  // namespace pinion::packet
