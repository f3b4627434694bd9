// SPDX-License-Identifier: Apache-2.0
// Packets that leave by an interface which has no room for them: direct routing, and NAT both ways.
#include <linux/bpf.h>

#include "tests/packet/icmp.h"
#include "tests/packet/narrow.h"
#include "tests/packet/nat.h"

namespace pinion::packet {
namespace {

constexpr uint32_t kEgress = 7;  // No interface of this machine has to be it.
constexpr uint16_t kRoom = 1400;

const Packet kPackets[] = {
    {.fragment = kDontFragment},
    {.protocol = kUdp, .dport = 53, .fragment = kDontFragment},
    ipv6({}),
    ipv6({.protocol = kUdp, .dport = 53}),
};

class Mtu : public WithNat {
 protected:
  void SetUp() override {
    WithNat::SetUp();
    if (IsSkipped()) return;
    for (uint32_t server = 1; server <= kServer6; ++server) {
      director().servers()[server].ifindex = kEgress;
      director().servers()[server].mtu = kRoom;
    }
    director().allow_egress(kEgress, kLoopback);
  }

  void expect_redirect(const Packet& packet) {
    EXPECT_EQ(director().run(build(packet)).action, static_cast<uint32_t>(XDP_REDIRECT));
  }
  void expect_answer_beyond_the_room(const Packet& packet) {
    expect_redirect(sized(packet, kRoom));
    for (const size_t size : {kRoom + 1, 1500}) {
      const Packet large = sized(packet, size);
      expect(build(large), PINION_REPLY_TOO_BIG, too_big(large, kRoom));
    }
  }
};

TEST_F(Mtu, OfNatsEgressIsTheClientsToKnow) {
  for (const Packet& packet : kPackets) expect_answer_beyond_the_room(packet);
}

TEST_F(Mtu, OfDirectRoutingsEgressIsTheClientsToKnow) {
  for (uint32_t server : {kServer, kServer6})
    director().servers()[server].method = PINION_METHOD_DR;
  for (const Packet& packet : kPackets) expect_answer_beyond_the_room(packet);
  expect_answer_beyond_the_room({.tags = {0x8100}, .fragment = kDontFragment});
}

TEST_F(Mtu, OfWhatMayBeFragmentedNobodyIsTold) {
  const Bytes in = build(sized({}, kRoom + 1));
  expect(in, PINION_DROP_TOO_BIG, in);
}

TEST_F(Mtu, NothingIsTooBigForTheInterfaceThatItCameInBy) {
  for (const pinion_method method : {PINION_METHOD_NAT, PINION_METHOD_DR})
    for (const Packet& packet : kPackets) {
      const uint32_t server = is_v6(packet) ? kServer6 : kServer;
      director().servers()[server].ifindex = kLoopback;
      director().servers()[server].method = static_cast<uint8_t>(method);
      const Packet large = sized(packet, 1500);
      EXPECT_EQ(
          hex(director().run(build(large)).out),
          hex(method == PINION_METHOD_NAT ? to_server(large) : towards(server, build(large))));
    }
}

TEST_F(Mtu, AnErrorThatIsTooBigIsDropped) {
  expect_redirect({});
  Packet error = error_about(sized(untranslated({}, reply({})), 1400), kTooBig4);
  error.fragment = kDontFragment;
  expect(build(error), PINION_DROP_TOO_BIG, build(error));
}

// The client comes by one interface, the real servers' answers by another.
class MtuOfReplies : public WithNat {
 protected:
  void SetUp() override {
    WithNat::SetUp();
    if (IsSkipped()) return;
    if (!narrow_.index()) GTEST_SKIP() << "this machine makes no interface of our own";
    director().allow_egress(kLoopback, kLoopback);
    director().allow_egress(narrow_.index(), narrow_.index());
  }

  Narrow narrow_{kRoom};
};

TEST_F(MtuOfReplies, IsTheRealServersToKnow) {
  for (const Packet& packet : kPackets) {
    EXPECT_EQ(director().run(build(packet), narrow_.index()).action,
              static_cast<uint32_t>(XDP_REDIRECT));
    const Packet fits = sized(reply(packet), kRoom), large = sized(reply(packet), kRoom + 1);
    const Ran ran = director().run(build(fits));
    EXPECT_EQ(ran.action, static_cast<uint32_t>(XDP_REDIRECT));
    EXPECT_EQ(hex(ran.out), hex(to_client(packet, fits)));
    expect(build(large), PINION_REPLY_TOO_BIG, too_big(large, kRoom));
  }
}

TEST_F(MtuOfReplies, IsNotJudgedWhereTheyGoBackToWhereTheyCameFrom) {
  for (const Packet& packet : kPackets) {
    director().run(build(packet), narrow_.index());
    const Packet answer = sized(reply(packet), 1500);
    const Ran ran = director().run(build(answer), narrow_.index());
    EXPECT_EQ(ran.action, static_cast<uint32_t>(XDP_TX));
    EXPECT_EQ(hex(ran.out), hex(to_client(packet, answer)));
  }
}

}  // namespace
}  // namespace pinion::packet
