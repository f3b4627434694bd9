// SPDX-License-Identifier: Apache-2.0
// Every shape of a packet for a virtual service: new, then known, whole frames compared.
#include <linux/bpf.h>

#include "tests/packet/director.h"

namespace pinion::packet {
namespace {

constexpr uint32_t kTcp4Server = 1, kUdp4Server = 2, kTcp6Server = 3, kUdp6Server = 4;
constexpr uint16_t kVlan = 0x8100, kServiceVlan = 0x88a8;

const char kClient6[] = "2001:db8:1::9";
const char kVip6[] = "2001:db8::1";

struct Case {
  const char* name;
  Packet packet;
  uint32_t server;

  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
};

const Bytes kRouterAlert = {0x94, 4, 0, 0};
const Bytes kMaximumSegment = {2, 4, 5, 0xb4};

const Case kIpv4[] = {
    {"Tcp", {}, kTcp4Server},
    {"Udp", {.protocol = kUdp, .dport = 53}, kUdp4Server},
    {"NoPayload", {.payload = {}}, kTcp4Server},
    {"EmptyDatagram", {.protocol = kUdp, .dport = 53, .payload = {}}, kUdp4Server},
    {"OneVlanTag", {.tags = {kVlan}}, kTcp4Server},
    {"OneServiceVlanTag", {.tags = {kServiceVlan}}, kTcp4Server},
    {"TwoVlanTags", {.tags = {kServiceVlan, kVlan}}, kTcp4Server},
    {"IpOption", {.ip_options = kRouterAlert}, kTcp4Server},
    {"AllIpOptions", {.ip_options = Bytes(40, 1)}, kTcp4Server},
    {"UdpWithIpOptions", {.protocol = kUdp, .dport = 53, .ip_options = kRouterAlert}, kUdp4Server},
    {"VlanTagsAndIpOptions", {.tags = {kVlan, kVlan}, .ip_options = Bytes(40, 1)}, kTcp4Server},
    {"TcpOption", {.tcp_options = kMaximumSegment}, kTcp4Server},
    {"AllTcpOptions", {.tcp_options = Bytes(40, 1)}, kTcp4Server},
    {"DontFragment", {.fragment = 0x4000}, kTcp4Server},
    {"Large", {.payload = Bytes(1460, 'x')}, kTcp4Server},
    {"ClientOnTheVipItself", {.from = "10.0.0.1"}, kTcp4Server},
};

Packet ipv6(Packet packet) {
  packet.from = kClient6;
  packet.to = kVip6;
  return packet;
}

Packet extended(std::vector<Extension> extensions, Packet packet = {}) {
  packet.extensions = std::move(extensions);
  return ipv6(packet);
}

const Case kIpv6[] = {
    {"Tcp", ipv6({}), kTcp6Server},
    {"Udp", ipv6({.protocol = kUdp, .dport = 53}), kUdp6Server},
    {"TwoVlanTags", ipv6({.tags = {kServiceVlan, kVlan}}), kTcp6Server},
    {"HopByHop", extended({hop_by_hop()}), kTcp6Server},
    {"DestinationOptions", extended({destination_options()}), kTcp6Server},
    {"RoutingUsedUp", extended({routing(0)}), kTcp6Server},
    {"Authentication", extended({authentication()}), kTcp6Server},
    {"UdpBehindHeaders",
     extended({hop_by_hop(), authentication()}, {.protocol = kUdp, .dport = 53}), kUdp6Server},
    {"AsManyHeadersAsWeFollow",
     extended({hop_by_hop(), destination_options(), routing(0), authentication(),
               destination_options(), destination_options()}),
     kTcp6Server},
    {"LongHeader",
     extended({{60,
                [] {
                  Bytes body(8 * 32 - 1);
                  body[0] = 31;
                  return body;
                }()}}),
     kTcp6Server},
    {"TwoVlanTagsAndHeaders", extended({hop_by_hop(), routing(0)}, {.tags = {kVlan, kVlan}}),
     kTcp6Server},
};

class Forwarded : public WithDirector, public testing::WithParamInterface<Case> {};

TEST_P(Forwarded, NewAndKnown) {
  const Case& c = GetParam();
  expect_forwarded(c.packet, PINION_FORWARD_NEW, c.server);
  expect_forwarded(c.packet, PINION_FORWARD_KNOWN, c.server);
  const auto bytes = static_cast<uint64_t>(build(c.packet).size() - ip_offset(c.packet));
  const pinion_counters counters = director().counters(c.server);
  EXPECT_EQ(counters.packets, 2u);
  EXPECT_EQ(counters.bytes, 2 * bytes);
  EXPECT_EQ(counters.connections, 1u);
  EXPECT_EQ(PINION_INDEX(connection().server), c.server);
  expect_exact_load();
}

const auto name_of_case = [](const auto& at) { return std::string(at.param.name); };
INSTANTIATE_TEST_SUITE_P(Ipv4, Forwarded, testing::ValuesIn(kIpv4), name_of_case);
INSTANTIATE_TEST_SUITE_P(Ipv6, Forwarded, testing::ValuesIn(kIpv6), name_of_case);

class Egress : public WithDirector {};

TEST_F(Egress, PadsOfTheFrameAreNotCounted) {
  Bytes in = build({.payload = {}});
  in.resize(60);
  expect(in, PINION_FORWARD_NEW, towards(kTcp4Server, in));
  EXPECT_EQ(director().counters(kTcp4Server).bytes, 40u);
}

TEST_F(Egress, ThroughAnotherInterfaceIsARedirect) {
  director().servers()[kTcp4Server].ifindex = 7;
  director().allow_egress(7, kLoopback);
  const Bytes in = build({});
  const Ran ran = director().run(in);
  EXPECT_EQ(ran.action, static_cast<uint32_t>(XDP_REDIRECT));
  EXPECT_EQ(hex(ran.out), hex(towards(kTcp4Server, in)));
  EXPECT_EQ(director().verdict(PINION_FORWARD_NEW), 1u);
}

TEST_F(Egress, ThroughAnUnknownInterfaceIsDroppedAndNotCountedAsSent) {
  director().servers()[kTcp4Server].ifindex = 7;
  const Ran ran = director().run(build({}));
  EXPECT_EQ(ran.action, static_cast<uint32_t>(XDP_DROP));
  EXPECT_EQ(director().verdict(PINION_DROP_NO_EGRESS), 1u);
  EXPECT_EQ(director().verdict(PINION_FORWARD_NEW), 0u);
  EXPECT_EQ(director().counters(kTcp4Server).packets, 0u);
}

// Each would look the same if half of the address did not count.
TEST_F(Egress, AnyByteOfTheNextHopMakesItKnown) {
  for (size_t byte = 0; byte < 6; ++byte) {
    auto& hop = director().servers()[kTcp4Server].next_hop;
    std::fill(std::begin(hop), std::end(hop), uint8_t{0});
    hop[byte] = 2;
    EXPECT_EQ(director().run(build({})).action, static_cast<uint32_t>(XDP_TX)) << byte;
  }
}

class Dropped : public WithDirector {};

TEST_F(Dropped, WithoutARealServer) {
  director().add_service({.slot_base = 10, .slots = {}});
  const Bytes in = build({});
  expect(in, PINION_DROP_NO_SERVER, in);
}

TEST_F(Dropped, WithoutTheNextHopsAddress) {
  director().add_server(kTcp4Server, {.resolved = false});
  const Bytes in = build({});
  expect(in, PINION_DROP_NO_NEIGHBOUR, in);
  EXPECT_EQ(director().counters(kTcp4Server).packets, 0u);
  // And forwarded as soon as it is known.
  director().add_server(kTcp4Server, {});
  expect_forwarded({}, PINION_FORWARD_KNOWN, kTcp4Server);
}

}  // namespace
}  // namespace pinion::packet
