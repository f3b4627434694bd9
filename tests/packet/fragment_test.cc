// SPDX-License-Identifier: Apache-2.0
// IP fragments: all of a packet go one way, and what they carry is what the packet did.
#include <linux/bpf.h>
#include <time.h>

#include <algorithm>
#include <string>

#include "tests/packet/fragments.h"
#include "tests/packet/nat.h"

namespace pinion::packet {
namespace {

constexpr size_t kSize = 1024;

Packet datagram(Packet packet = {}) {
  packet.protocol = kUdp;
  packet.dport = 53;
  packet.payload = Bytes(3000, 'x');
  for (size_t i = 0; i < packet.payload.size(); ++i) packet.payload[i] = static_cast<uint8_t>(i);
  return packet;
}

class Fragments : public WithDirector {
 protected:
  // The first one is given that verdict, and those that follow go where it goes.
  void expect_all(const Bytes& whole, pinion_verdict first, const Bytes& out) {
    const auto in = fragments_of(whole, kSize), wanted = fragments_of(out, kSize);
    ASSERT_EQ(in.size(), 3u);
    for (size_t i = 0; i < in.size(); ++i)
      expect(in[i], i ? PINION_FORWARD_FRAGMENT : first, wanted[i]);
  }

  // One comes ahead of its first: it is not seen again here, but handed out whole.
  void expect_held(const Bytes& fragment) {
    const uint64_t before = director().verdict(PINION_HOLD_FRAGMENT);
    EXPECT_EQ(director().run(fragment).action, XDP_DROP);
    EXPECT_EQ(director().verdict(PINION_HOLD_FRAGMENT), before + 1);
    const auto early = director().early_fragments();
    ASSERT_EQ(early.size(), 1u);
    EXPECT_EQ(early[0].ifindex, kLoopback);
    EXPECT_EQ(hex(Bytes(early[0].frame, early[0].frame + early[0].bytes)), hex(fragment));
  }

  // All that is remembered is that old.
  void let_pass(uint32_t ticks) {
    for (auto [key, value] : director().fragments()) {
      value.seen -= ticks;
      director().put_fragment(key, value);
    }
  }
};

TEST_F(Fragments, GoWhereTheFirstOneGoes) {
  for (const Packet& packet : {datagram(), ipv6(datagram())}) {
    const Bytes whole = build(packet);
    expect_all(whole, PINION_FORWARD_NEW, towards(is_v6(packet) ? 4 : 2, whole));
    expect_all(whole, PINION_FORWARD_KNOWN, towards(is_v6(packet) ? 4 : 2, whole));
  }
  Packet tcp = datagram();
  tcp.protocol = kTcp;
  tcp.dport = 80;
  expect_all(build(tcp), PINION_FORWARD_NEW, towards(1, build(tcp)));
  expect_exact_load();
}

TEST_F(Fragments, AreCountedForTheirServer) {
  const auto all = fragments_of(build(datagram()), kSize);
  size_t bytes = 0;
  for (const Bytes& one : all) {
    director().run(one);
    bytes += one.size() - 14;
  }
  EXPECT_EQ(director().counters(2).packets, all.size());
  EXPECT_EQ(director().counters(2).bytes, bytes);
  EXPECT_EQ(director().counters(2).connections, 1u);
}

TEST_F(Fragments, StayTogetherWhateverBecomesOfTheirConnection) {
  const auto all = fragments_of(build(datagram()), kSize);
  director().run(all[0]);
  director().each_connection([](pinion_connection& one) { one.word = PINION_STATE_FREE; });
  director().remove_service({.port = 53, .protocol = kUdp});
  expect(all[1], PINION_FORWARD_FRAGMENT, towards(2, all[1]));
}

TEST_F(Fragments, AreToldApartByEndsAndIdentification) {
  director().run(fragments_of(build(datagram()), kSize)[0]);
  Packet other = datagram();
  ++other.id;
  expect_held(fragments_of(build(other), kSize)[1]);
  expect_held(fragments_of(build(datagram({.from = "10.1.0.8"})), kSize)[1]);
  Packet tcp = datagram();
  tcp.protocol = kTcp;
  expect_held(fragments_of(build(tcp), kSize)[1]);

  director().run(fragments_of(build(ipv6(datagram())), kSize, 0x10007)[0]);
  expect_held(fragments_of(build(ipv6(datagram())), kSize, 7)[1]);
}

TEST_F(Fragments, ComeInAnyOrder) {
  for (const Packet& packet : {datagram(), ipv6(datagram())}) {
    const auto all = fragments_of(build(packet), kSize);
    const uint32_t server = is_v6(packet) ? 4 : 2;
    expect_held(all[2]);
    expect_held(all[1]);
    expect(all[0], PINION_FORWARD_NEW, towards(server, all[0]));
    expect(all[2], PINION_FORWARD_FRAGMENT, towards(server, all[2]));
    expect(all[1], PINION_FORWARD_FRAGMENT, towards(server, all[1]));
  }
}

TEST_F(Fragments, AreDroppedOnceTheFirstIsGivenUp) {
  const auto all = fragments_of(build(datagram()), kSize);
  director().run(all[1]);
  const auto early = director().early_fragments();
  ASSERT_EQ(early.size(), 1u);
  director().put_fragment(early[0].key, {.seen = tick(), .verdict = PINION_DROP_FRAGMENT});
  expect(all[1], PINION_DROP_FRAGMENT, all[1]);
  expect(all[2], PINION_DROP_FRAGMENT, all[2]);
  EXPECT_TRUE(director().early_fragments().empty());

  expect(all[0], PINION_FORWARD_NEW, towards(2, all[0]));  // It comes after all.
  expect(all[2], PINION_FORWARD_FRAGMENT, towards(2, all[2]));
}

TEST_F(Fragments, AreForgottenAfterHalfAMinute) {
  const auto all = fragments_of(build(datagram()), kSize);
  director().run(all[0]);
  let_pass(28'500);
  expect(all[1], PINION_FORWARD_FRAGMENT, towards(2, all[1]));
  let_pass(200);
  expect_held(all[1]);
  EXPECT_TRUE(director().fragments().empty()) << "or the daemon would take it for the first";
}

// Its sender may use the identification again.
TEST_F(Fragments, AreForgottenWithTheLastByte) {
  for (const Packet& packet : {datagram(), ipv6(datagram())}) {
    const auto all = fragments_of(build(packet), kSize);
    for (const auto& order : {std::vector{0, 1, 2}, {0, 2, 1}}) {
      for (const int i : order) {
        EXPECT_EQ(director().fragments().size(), i == order[0] ? 0u : 1u);
        EXPECT_EQ(director().run(all[static_cast<size_t>(i)]).action, XDP_TX);
      }
      EXPECT_TRUE(director().fragments().empty());
    }
  }
}

TEST_F(Fragments, OfOtherProtocolsForOthersTakeNoPlace) {
  for (const uint8_t protocol : {kIcmp, uint8_t{50}})
    director().run(build({.to = "10.9.9.9", .protocol = protocol, .fragment = 0x2000}));
  EXPECT_TRUE(director().fragments().empty());
}

TEST_F(Fragments, ShareTheFirstOnesVerdict) {
  const auto follow = [&](Packet packet, pinion_verdict first, pinion_verdict others) {
    packet.payload = Bytes(3000, 'x');
    const auto all = fragments_of(build(packet), kSize);
    expect(all[0], first, all[0]);
    expect(all[1], others, all[1]);
  };
  follow({.protocol = kUdp, .dport = 54, .id = 1}, PINION_PASS_NOT_OURS, PINION_PASS_FRAGMENT);
  follow({.protocol = kIcmp, .id = 2}, PINION_PASS_OTHER_PROTOCOL, PINION_PASS_FRAGMENT);
  director().add_service({.port = 55, .protocol = kUdp, .index = 9});
  follow({.protocol = kUdp, .dport = 55, .id = 3}, PINION_DROP_NO_SERVER, PINION_DROP_NO_SERVER);
  director().add_server(2, {.resolved = false});
  follow({.protocol = kUdp, .dport = 53, .id = 4}, PINION_DROP_NO_NEIGHBOUR,
         PINION_DROP_NO_NEIGHBOUR);
}

// Where the first one was answered, for its sender to make smaller ones, the answer is enough.
TEST_F(Fragments, AreDroppedWhereTheFirstWasTooBig) {
  director().add_server(4, {.ifindex = 9});
  director().servers()[4].mtu = 1280;
  const auto all = fragments_of(build(ipv6(datagram())), 1400);
  EXPECT_EQ(director().run(all[0]).action, XDP_TX);
  EXPECT_EQ(director().verdict(PINION_REPLY_TOO_BIG), 1u);
  expect(all[1], PINION_DROP_TOO_BIG, all[1]);
}

TEST_F(Fragments, GoToTheDirectorItself) {
  director().add_server(2, {.method = PINION_METHOD_LOCAL});
  director().servers()[2].flags |= PINION_SERVER_HERE;
  for (const Bytes& one : fragments_of(build(datagram()), kSize)) {
    const Ran ran = director().run(one);
    EXPECT_EQ(ran.action, XDP_PASS);
    EXPECT_EQ(hex(ran.out), hex(one));
  }
  EXPECT_EQ(director().verdict(PINION_FORWARD_FRAGMENT), 2u);
}

TEST_F(Fragments, AreWholeWithAFragmentHeaderForNothing) {
  for (const uint8_t protocol : {kTcp, kUdp}) {
    Packet packet = ipv6({.protocol = protocol, .extensions = {hop_by_hop(), ipv6_fragment(0)}});
    if (protocol == kUdp) packet.dport = 53;
    expect_forwarded(packet, PINION_FORWARD_NEW, protocol == kTcp ? 3 : 4);
  }
  EXPECT_TRUE(director().fragments().empty());
}

TEST_F(Fragments, OfWhatCannotBeKeptAreDropped) {
  Packet packet = datagram();
  const auto large = fragments_of(build(packet), 1960);
  EXPECT_EQ(large[1].size() <= PINION_EARLY_BYTES, true);
  packet.payload.resize(6000);
  const auto larger = fragments_of(build(packet), 2000);
  expect(larger[1], PINION_DROP_FRAGMENT, larger[1]);
  const auto all = fragments_of(build(datagram()), kSize);
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  director().pace_replies(static_cast<uint64_t>(now.tv_sec + 60) * 1'000'000'000);
  expect(all[1], PINION_DROP_FRAGMENT, all[1]);
  EXPECT_TRUE(director().early_fragments().empty());
}

// As many as come in one burst at least; how many more, the clock decides.
TEST_F(Fragments, AreKeptInMeasure) {
  const auto all = fragments_of(build(datagram()), kSize);
  for (int i = 0; i < 200; ++i) director().run(all[1]);
  const uint64_t held = director().verdict(PINION_HOLD_FRAGMENT);
  EXPECT_GE(held, 100u);
  EXPECT_EQ(director().verdict(PINION_DROP_FRAGMENT), 200 - held);
  EXPECT_EQ(director().early_fragments().size(), held);
}

TEST_F(Fragments, CutShortAreMalformed) {
  Bytes cut = build(ipv6({.extensions = {ipv6_fragment(1)}}));
  cut.resize(14 + 40 + 4);
  cut[18] = 0;
  cut[19] = 4;
  expect(cut, PINION_PASS_MALFORMED, cut);
  const auto all = fragments_of(build(datagram()), 16);  // A first one without all of its ports.
  Bytes first = all[0];
  first.resize(14 + 20 + 4);
  expect(first, PINION_PASS_MALFORMED, first);
}

class NatFragments : public WithNat {
 protected:
  // Both ways, under an identification that the director has given them.
  void expect_all(const Bytes& whole, pinion_verdict first, Packet wanted) {
    const auto in = fragments_of(whole, kSize);
    const auto before = director().verdicts();
    for (size_t i = 0; i < in.size(); ++i) {
      const Ran ran = director().run(in[i]);
      EXPECT_EQ(ran.action, XDP_TX);
      if (i == 0) wanted.id = id_of(ran.out);
      EXPECT_EQ(hex(ran.out), hex(fragments_of(build(wanted), kSize)[i])) << "fragment " << i;
    }
    EXPECT_EQ(director().verdict(first), before[first] + 1);
    EXPECT_EQ(director().verdict(PINION_FORWARD_FRAGMENT),
              before[PINION_FORWARD_FRAGMENT] + in.size() - 1);
    ids_.push_back(wanted.id);
  }

  std::vector<uint16_t> ids_;
};

TEST_F(NatFragments, AreTranslatedBothWays) {
  for (const Packet& packet : {datagram(), ipv6(datagram())}) {
    SCOPED_TRACE(packet.to);
    expect_all(build(packet), PINION_FORWARD_NEW, translated(packet));
    Packet answer = reply(packet);
    answer.payload = Bytes(2500, 'z');
    expect_all(build(answer), PINION_FORWARD_REPLY, untranslated(packet, answer));
  }
}

TEST_F(NatFragments, OfUdpWithoutAChecksumHaveNone) {
  Packet packet = datagram();
  packet.udp_checksum = false;
  expect_all(build(packet), PINION_FORWARD_NEW, translated(packet));
}

// Two VIPs may send a client's fragments of one identification to one server.
TEST_F(NatFragments, OfEachPacketHaveAnIdentificationOfTheirOwn) {
  Packet packet = datagram();
  expect_all(build(packet), PINION_FORWARD_NEW, translated(packet));
  expect_all(build(packet), PINION_FORWARD_KNOWN, translated(packet));
  EXPECT_NE(ids_[0], ids_[1]);
}

TEST_F(NatFragments, ThatComeOutOfOrderAreTranslated) {
  const Packet packet = datagram();
  const auto in = fragments_of(build(packet), kSize);
  EXPECT_EQ(director().run(in[2]).action, XDP_DROP);
  Packet wanted = translated(packet);
  wanted.id = id_of(director().run(in[0]).out);
  const auto out = fragments_of(build(wanted), kSize);
  EXPECT_EQ(hex(director().run(in[2]).out), hex(out[2]));
  EXPECT_EQ(hex(director().run(in[1]).out), hex(out[1]));
}

// From the local address, and back from the VIP.
TEST_F(NatFragments, OfFullNatChangeBothEnds) {
  director().send_from({"10.0.0.200", "fd00::200"}, 1);
  for (const Packet& packet : {datagram(), ipv6(datagram())}) {
    SCOPED_TRACE(packet.to);
    const bool v6 = is_v6(packet);
    const std::string local = v6 ? "fd00::200" : "10.0.0.200";
    for (const uint32_t server : {kServer, kServer6})
      director().servers()[server].method = PINION_METHOD_FULLNAT;
    Packet sent = translated(packet);
    sent.from = local;
    sent.sport = PINION_FIRST_LOCAL_PORT;
    Packet answer = reply(packet);
    answer.to = local;
    answer.dport = sent.sport;
    answer.payload = Bytes(2500, 'z');
    Packet received = untranslated(packet, answer);
    received.to = packet.from;
    received.dport = packet.sport;
    for (auto& [in, out] : {std::pair(packet, sent), {answer, received}}) {
      Packet wanted = out;
      const auto fragments = fragments_of(build(in), kSize);
      for (size_t i = 0; i < fragments.size(); ++i) {
        const Ran ran = director().run(fragments[i]);
        if (i == 0) wanted.id = id_of(ran.out);
        EXPECT_EQ(ran.action, XDP_TX);
        EXPECT_EQ(hex(ran.out), hex(fragments_of(build(wanted), kSize)[i])) << "fragment " << i;
      }
    }
  }
  EXPECT_EQ(director().verdict(PINION_FORWARD_FRAGMENT), 8u);
}

}  // namespace
}  // namespace pinion::packet
