// SPDX-License-Identifier: Apache-2.0
// Packets that reach their real server inside of another one: whole frames compared, in every
// combination of kinds and families.
#include <linux/bpf.h>

#include <set>

#include "tests/packet/sctp.h"
#include "tests/packet/tunnel.h"

namespace pinion::packet {
namespace {

struct Case {
  const char* name;
  Packet packet;

  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
};

const Case kCases[] = {
    {"Tcp4", {}},
    {"Udp4", {.protocol = kUdp}},
    {"Options4", {.ip_options = Bytes(40, 1)}},
    {"Vlan4", {.tags = {kVlan}}},
    {"TwoVlans4", {.tags = {kServiceVlan, kVlan}}},
    {"TwoVlansAndOptions4", {.tags = {kVlan, kVlan}, .ip_options = Bytes(8, 1)}},
    {"DontFragment4", {.fragment = 0x4000}},
    {"Large4", {.payload = Bytes(1400, 'x')}},
    {"NoPayload4", {.protocol = kUdp, .payload = {}}},
    {"ExpeditedEct0Of4", {.traffic_class = 0xba}},
    {"CongestionExperienced4", {.traffic_class = 0x03}},
    {"LastHopButOne4", {.ttl = 2}},
    {"LongestTtl4", {.ttl = 255}},
    {"Tcp6", ipv6({})},
    {"Udp6", ipv6({.protocol = kUdp})},
    {"Extensions6", ipv6({.extensions = {hop_by_hop(), routing(0)}})},
    {"Vlan6", ipv6({.tags = {kVlan}})},
    {"TwoVlans6", ipv6({.tags = {kServiceVlan, kVlan}})},
    {"Large6", ipv6({.payload = Bytes(1380, 'x')})},
    {"AllOfTheTrafficClass6", ipv6({.traffic_class = 0xff})},
    {"FlowLabelStaysInside6", ipv6({.flow_label = 0xfedcb})},
    {"LastHopButOne6", ipv6({.ttl = 2})},
    {"UdpWithoutAChecksum4", {.protocol = kUdp, .udp_checksum = false}},
    {"Sctp4", sctp({}, chunk(kData, 33))},
    {"Sctp6", ipv6(sctp({}, chunk(kData, 33)))},
    {"OddLength4", {.payload = Bytes(4, 'x')}},
    {"OddLength6", ipv6({.payload = Bytes(6, 'x')})},
};

class Tunnel : public WithTunnel {};

class EachPacket : public WithTunnel, public testing::WithParamInterface<Case> {};

TEST_P(EachPacket, InsideOfIpv4) {
  expect_wrapped(GetParam().packet, kServer4, kSource4, {PINION_TUNNEL_IPIP});
}
TEST_P(EachPacket, InsideOfIpv6) {
  expect_wrapped(GetParam().packet, kServer6, kSource6, {PINION_TUNNEL_IPIP});
}
TEST_P(EachPacket, ByGreInsideOfIpv4) {
  expect_wrapped(GetParam().packet, kServer4, kSource4, {PINION_TUNNEL_GRE});
}
TEST_P(EachPacket, ByGreInsideOfIpv6) {
  expect_wrapped(GetParam().packet, kServer6, kSource6, {PINION_TUNNEL_GRE});
}
TEST_P(EachPacket, ByGueInsideOfIpv4) {
  expect_wrapped(GetParam().packet, kServer4, kSource4, {PINION_TUNNEL_GUE});
}
TEST_P(EachPacket, ByGueWithAChecksumInsideOfIpv4) {
  expect_wrapped(GetParam().packet, kServer4, kSource4, {PINION_TUNNEL_GUE, true});
}
TEST_P(EachPacket, ByGueInsideOfIpv6) {
  expect_wrapped(GetParam().packet, kServer6, kSource6, {PINION_TUNNEL_GUE});
}

INSTANTIATE_TEST_SUITE_P(Tunnel, EachPacket, testing::ValuesIn(kCases),
                         [](const auto& tested) { return tested.param.name; });

TEST_F(Tunnel, TheChecksumOfGueIsRightForEveryFlow) {
  for (const char* address : {kServer4, kServer6}) {
    const char* source = address == kServer4 ? kSource4 : kSource6;
    to_server(address, source, 0, {PINION_TUNNEL_GUE, true});
    for (uint16_t sport = 1; sport < 2000; ++sport) {
      for (const Packet& packet : {Packet{.sport = sport}, ipv6({.sport = sport})})
        ASSERT_EQ(hex(director().run(build(packet)).out),
                  hex(wrapped(packet, address, source, {PINION_TUNNEL_GUE, true})));
    }
  }
}

// With a TTL that is one less the checksum is one more, and may carry.
TEST_F(Tunnel, TheInnerChecksumIsRightWhateverItWas) {
  to_server(kServer4, kSource4);
  for (uint32_t id = 0; id < 0x10000; ++id) {
    const Packet packet{.id = static_cast<uint16_t>(id)};
    const Bytes in = build(packet);
    if (in[24] < 0xfe) continue;
    ASSERT_EQ(hex(director().run(in).out), hex(wrapped(packet, kServer4, kSource4)));
  }
}

// 0 would say that there is none. The port is chosen so that the sum is just that.
TEST_F(Tunnel, AChecksumThatComesToNothingIsWrittenAsAllOnes) {
  to_server(kServer4, kSource4, 0, {PINION_TUNNEL_GUE, true});
  const Bytes out = director().run(build({})).out;
  const size_t at = 14 + 20 + 6;
  const uint32_t port = kPort + out[at] * 256u + out[at + 1];
  director().servers()[kServer].tunnel_port =
      __builtin_bswap16(static_cast<uint16_t>(port + (port >> 16)));
  const Bytes next = director().run(build({})).out;
  EXPECT_EQ(hex({next[at], next[at + 1]}), hex({0xff, 0xff}));
}

TEST_F(Tunnel, ALastHopEndsHere) {
  for (const char* address : {kServer4, kServer6}) {
    to_server(address, address == kServer4 ? kSource4 : kSource6);
    for (const uint8_t ttl : {uint8_t{0}, uint8_t{1}}) {
      for (const Packet& packet : {Packet{.ttl = ttl}, ipv6({.ttl = ttl})})
        expect(build(packet), PINION_DROP_TTL, build(packet));
    }
  }
  EXPECT_EQ(director().counters(kServer).packets, 0u);
}

TEST_F(Tunnel, WithoutASourceItIsDropped) {
  const Bytes in = build({});
  to_server(kServer6, "::");
  expect(in, PINION_DROP_NO_SOURCE, in);
  to_server(kServer4, "::");
  expect(in, PINION_DROP_NO_SOURCE, in);
  to_server(kServer4, "0.0.0.0");
  expect(in, PINION_DROP_NO_SOURCE, in);
}

TEST_F(Tunnel, WithoutANextHopItIsDropped) {
  to_server(kServer4, kSource4);
  std::fill_n(director().servers()[kServer].next_hop, 6, uint8_t{0});
  const Bytes in = build({.flags = kAck});
  expect(in, PINION_DROP_NO_NEIGHBOUR, in);
}

std::set<std::string> sources(Director& director, bool v6) {
  std::set<std::string> seen;
  for (uint16_t sport = 1; sport <= 2000; ++sport) {
    const Bytes out = director.run(build({.sport = sport})).out;
    const auto source = out.begin() + 14 + (v6 ? 8 : 12);
    seen.insert(hex(Bytes(source, source + (v6 ? 16 : 4))));
  }
  return seen;
}

TEST_F(Tunnel, OfAPrefixTheSourceVariesByFlow) {
  to_server(kServer4, "172.16.0.0", 16);
  const auto many = sources(director(), false);
  EXPECT_GT(many.size(), 1900u);
  for (const std::string& source : many) EXPECT_EQ(source.substr(0, 7), "\nac 10 ");
  to_server(kServer6, "fd00:1::", 16);
  const auto many6 = sources(director(), true);
  EXPECT_GT(many6.size(), 1900u);
  for (const std::string& source : many6)
    EXPECT_EQ(source.substr(0, 43), hex(address_bytes("fd00:1::")).substr(0, 43));
}

TEST_F(Tunnel, ItIsAlwaysAHostsAddress) {
  to_server(kServer4, "172.16.0.8", 2);
  EXPECT_EQ(sources(director(), false),
            (std::set<std::string>{hex({172, 16, 0, 9}), hex({172, 16, 0, 10})}));
  to_server(kServer4, "172.16.0.8", 1);  // RFC 3021
  EXPECT_EQ(sources(director(), false),
            (std::set<std::string>{hex({172, 16, 0, 8}), hex({172, 16, 0, 9})}));
}

TEST_F(Tunnel, AFlowKeepsItsSource) {
  to_server(kServer4, "172.16.0.0", 16);
  const Bytes first = director().run(build({})).out;
  EXPECT_EQ(hex(director().run(build({.flags = kSyn})).out), hex(first));
}

}  // namespace
}  // namespace pinion::packet
