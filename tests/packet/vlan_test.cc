// SPDX-License-Identifier: Apache-2.0
// Which frames of a device are ours to take, by their tags, and what tags they leave with.
#include <linux/bpf.h>

#include "tests/packet/icmp.h"
#include "tests/packet/vlans.h"

namespace pinion::packet {
namespace {

constexpr uint32_t kServer4 = 1, kServer6 = 3;  // Of the TCP services.
constexpr uint16_t kVlan = 0x8100, kServiceVlan = 0x88a8;

uint32_t server_for(const Packet& packet) { return is_v6(packet) ? kServer6 : kServer4; }

class Vlan : public WithVlans<WithDirector> {
 protected:
  void expect_left_to_the_stack(const Packet& packet) {
    expect(build(packet), PINION_PASS_OTHER_VLAN, build(packet));
  }
};

// Push, pop, replace, and leave: each of them twice, as a new connection's and as a known one's.
TEST_F(Vlan, AFrameLeavesWithTheTagsOfWhereItLeaves) {
  uint16_t sport = 40000;
  for (const uint32_t in : kInterfaces)
    for (const uint32_t out : kInterfaces)
      for (Packet packet : {Packet{}, Packet{.ip_options = Bytes(40, 1)}, ipv6({})}) {
        packet.sport = ++sport;
        const uint32_t server = server_for(packet);
        director().servers()[server].ifindex = out;
        const Bytes wanted = towards(server, build(on(out, packet)));
        expect(build(on(in, packet)), PINION_FORWARD_NEW, wanted);
        expect(build(on(in, packet)), PINION_FORWARD_KNOWN, wanted);
      }
}

TEST_F(Vlan, TheOuterTagsPriorityGoesOver) {
  const struct {
    uint32_t in, out;
    std::vector<uint16_t> before, after;
  } cases[] = {
      {kVlan100, kVlan100, {0xb064}, {0xb064}},
      {kVlan100, kVlan200, {0xb064}, {0xb0c8}},
      {kVlan100, kVlan10And20, {0xb064}, {0xb00a, 20}},
      {kVlan10And20, kVlan100, {0xe00a, 0x6014}, {0xe064}},
      {kVlan10And20, kVlan10And20, {0xe00a, 0x6014}, {0xe00a, 0x6014}},
      {kVlan10And20, kLoopback, {0xe00a, 0x6014}, {}},
  };
  for (const auto& c : cases) {
    director().each_connection([](pinion_connection& one) { one = {}; });
    Packet in = on(c.in, {}), out = on(c.out, {});
    in.vlans = c.before;
    out.vlans = c.after;
    director().servers()[kServer4].ifindex = c.out;
    expect(build(in), PINION_FORWARD_NEW, towards(kServer4, build(out)));
  }
}

// The stack has it so, too.
TEST_F(Vlan, VlanZeroIsNone) {
  const Bytes out = towards(kServer4, build({}));
  expect(build({.tags = {kVlan}, .vlans = {0xa000}}), PINION_FORWARD_NEW, out);
  director().servers()[kServer4].ifindex = kVlan200;
  Packet tagged = on(kVlan200, {});
  tagged.vlans = {0xa0c8};
  for (const std::vector<uint16_t>& vlans : {std::vector<uint16_t>{0xa000, 100}, {0xa064, 0}})
    expect(build({.tags = {kVlan, kVlan}, .vlans = vlans}), PINION_FORWARD_KNOWN,
           towards(kServer4, build(tagged)));
}

TEST_F(Vlan, OthersAreLeftToTheStack) {
  for (const Packet& packet :
       {Packet{.tags = {kVlan}, .vlans = {300}}, Packet{.tags = {kServiceVlan}, .vlans = {200}},
        Packet{.tags = {kServiceVlan, kVlan}, .vlans = {10, 22}},
        Packet{.tags = {kServiceVlan, kVlan}, .vlans = {11, 20}},
        Packet{.tags = {kVlan, kVlan}, .vlans = {10, 20}},
        Packet{.tags = {kVlan, kVlan}, .vlans = {100, 20}},
        Packet{.tags = {kServiceVlan}, .vlans = {10}}})
    for (const Packet& each : {packet, ipv6(packet)}) expect_left_to_the_stack(each);
  Packet error = error_about(turned({}), kUnreachable);
  error.to = "10.0.0.1";
  error.tags = {kVlan};
  error.vlans = {300};
  expect_left_to_the_stack(error);
}

// What cannot be ours is told as ever.
TEST_F(Vlan, WhatIsNoneOfOursForAnotherReasonHasThatOne) {
  Packet packet{.tags = {kVlan}, .vlans = {300}, .to = "10.0.0.77"};
  expect(build(packet), PINION_PASS_NOT_OURS, build(packet));
  packet = error_about(packet, kUnreachable);
  packet.tags = {kVlan};
  packet.vlans = {300};
  expect(build(packet), PINION_PASS_OTHER_PROTOCOL, build(packet));
}

// The device itself is one of director.interfaces, and so takes all that comes.
TEST_F(Vlan, WhereTheDeviceIsNamedAnyTagsAreTaken) {
  const Packet packet{.tags = {kVlan}, .vlans = {300}};
  expect_left_to_the_stack(packet);
  director().add_any_entrance({0, kLoopback});
  expect(build(packet), PINION_FORWARD_NEW, towards(kServer4, build({})));
  director().servers()[kServer4].ifindex = kVlan200;
  Packet out = on(kVlan200, {});
  expect(build(packet), PINION_FORWARD_KNOWN, towards(kServer4, build(out)));
}

TEST_F(Vlan, ToTheDirectorItselfItGoesAsItCame) {
  director().add_server(kServer4, {.ifindex = 0, .method = PINION_METHOD_LOCAL});
  const Bytes in = build(on(kVlan100, {}));
  const Ran ran = director().run(in);
  EXPECT_EQ(ran.action, static_cast<uint32_t>(XDP_PASS));
  EXPECT_EQ(hex(ran.out), hex(in));
}

TEST_F(Vlan, OfAnotherDeviceIsARedirect) {
  const Packet packet = on(kVlan100, {});
  director().add_vlan_device(kVlan200, 7, tags_of(kVlan200));
  director().servers()[kServer4].ifindex = kVlan200;
  EXPECT_EQ(director().run(build(packet)).action, static_cast<uint32_t>(XDP_DROP));
  EXPECT_EQ(director().verdict(PINION_DROP_NO_EGRESS), 1u);
  director().allow_egress(7, kLoopback);
  const Ran ran = director().run(build(packet));
  EXPECT_EQ(ran.action, static_cast<uint32_t>(XDP_REDIRECT));
  EXPECT_EQ(hex(ran.out), hex(towards(kServer4, build(on(kVlan200, {})))));
}

TEST_F(Vlan, WhatDoesNotFitThereIsAnsweredThroughTheVlanThatItCameFrom) {
  for (const uint32_t in : kInterfaces)
    for (const Packet& packet : {Packet{.fragment = kDontFragment}, ipv6({})}) {
      const uint32_t server = server_for(packet), other = in == kVlan200 ? kVlan100 : kVlan200;
      director().servers()[server].ifindex = other;
      director().servers()[server].mtu = 1400;
      const Packet fits = on(in, sized(packet, 1400)), large = on(in, sized(packet, 1401));
      EXPECT_EQ(hex(director().run(build(fits)).out), hex(towards(server, build(on(other, fits)))));
      expect(build(large), PINION_REPLY_TOO_BIG, too_big(large, 1400));
      // Where it came in it did fit.
      director().servers()[server].ifindex = in;
      EXPECT_EQ(hex(director().run(build(large)).out), hex(towards(server, build(large))));
    }
}

// The kernel runs the program on the port that a frame came in by, and what it transmits leaves by
// the port that the bond chooses.
TEST_F(Vlan, ABondsPortIsTheBond) {
  constexpr uint32_t kBond = 50;
  director().add_entrance({}, {kBond, kBond});
  director().add_entrance(tags_of(kVlan100), {kVlan100, kBond});
  director().add_vlan_device(kVlan100, kBond, tags_of(kVlan100));
  director().servers()[kServer4].ifindex = kBond;
  expect(build({}), PINION_FORWARD_NEW, towards(kServer4, build({})));
  director().servers()[kServer4].ifindex = kVlan100;
  expect(build({}), PINION_FORWARD_KNOWN, towards(kServer4, build(on(kVlan100, {}))));
}

}  // namespace
}  // namespace pinion::packet
