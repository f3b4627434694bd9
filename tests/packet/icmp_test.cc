// SPDX-License-Identifier: Apache-2.0
// ICMP errors about connections go to the real server that has the connection; all others stay.
#include <linux/bpf.h>

#include <cstring>

#include "balancer/bpf/conntrack/connection_table.h"
#include "tests/packet/icmp.h"
#include "tests/packet/tunnel.h"

namespace pinion::packet {
namespace {

// A client's packet, whose real server answers from the VIP.
struct Case {
  const char* name;
  Packet packet;
  uint32_t server;  // By direct routing.
  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
};

Packet extended(std::vector<Extension> extensions) {
  Packet packet;
  packet.extensions = std::move(extensions);
  return ipv6(packet);
}

const Case kCases[] = {
    {"Tcp4", {}, 1},
    {"Udp4", {.protocol = kUdp, .dport = 53}, 2},
    {"IpOptions", {.ip_options = Bytes(40, 1)}, 1},
    {"FirstFragment", {.protocol = kUdp, .dport = 53, .fragment = 0x2000}, 2},
    {"Tcp6", ipv6({}), 3},
    {"Udp6", ipv6({.protocol = kUdp, .dport = 53}), 4},
    {"Extensions6", extended({hop_by_hop(), destination_options(), routing(0)}), 3},
};

class Icmp : public WithDirector {
 protected:
  // Makes the connection, and forgets that its packet was counted.
  static void open(Packet packet) {
    packet.fragment = 0;
    director().run(build(packet));
  }

  void expect_untouched(const Bytes& in, pinion_verdict verdict) {
    const pinion_connection before = connection();
    expect(in, verdict, in);
    EXPECT_EQ(std::memcmp(&before, &connection(), sizeof(before)), 0);
  }
};

class EachConnection : public Icmp, public testing::WithParamInterface<Case> {};

TEST_P(EachConnection, GetsItsErrors) {
  const auto& [name, packet, server] = GetParam();
  open(packet);
  uint64_t bytes = director().counters(server).bytes;
  const Packet answer = turned(packet);
  for (const Error& error : {kUnreachable, kExceeded, kParameter, kTooBig4, kTooBig6})
    for (const size_t quoted : {ip_bytes(answer).size() - 5, kAll}) {
      const Bytes in = build(error_about(answer, error, quoted));
      expect(in, PINION_FORWARD_ICMP, towards(server, in));
      bytes += in.size() - 14;
    }
  EXPECT_EQ(director().counters(server).packets, 11u);
  EXPECT_EQ(director().counters(server).bytes, bytes);
  EXPECT_EQ(director().counters(server).connections, 1u);
}

TEST_P(EachConnection, StaysAsItIs) {
  const auto& [name, packet, server] = GetParam();
  open(packet);
  director().let_pass(1000);
  const pinion_connection before = connection();
  const Bytes in = build(error_about(turned(packet), kUnreachable));
  expect(in, PINION_FORWARD_ICMP, towards(server, in));
  EXPECT_EQ(std::memcmp(&before, &connection(), sizeof(before)), 0);
  expect_exact_load();
}

// Eight bytes of TCP or UDP are enough, and as many are needed.
TEST_P(EachConnection, AtAnyLengthOfTheQuote) {
  const auto& [name, packet, server] = GetParam();
  open(packet);
  const Packet answer = turned(packet);
  const size_t headers = ip_bytes(answer).size() - packet.payload.size();
  const size_t least = headers - (packet.protocol == kTcp ? 20 : 8) + 8;
  for (size_t quoted = 0; quoted <= headers; ++quoted) {
    const Bytes in = build(error_about(answer, kTooBig4, quoted));
    const bool enough = quoted >= least;
    expect(in, enough ? PINION_FORWARD_ICMP : PINION_PASS_MALFORMED,
           enough ? towards(server, in) : in);
  }
}

// The frame ends before the IP packet does.
TEST_P(EachConnection, CutAnywhereItIsPassed) {
  const auto& [name, packet, server] = GetParam();
  open(packet);
  const Packet error = error_about(turned(packet), kTooBig4);
  const Bytes whole = build(error);
  const size_t quote = whole.size() - ip_bytes(turned(packet)).size();
  const size_t least =
      whole.size() - packet.payload.size() - (packet.protocol == kTcp ? 20 : 8) + 8;
  for (size_t length = quote - 8; length < least; ++length) {
    const Bytes in(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length));
    expect_untouched(in, length < quote ? PINION_PASS_OTHER_PROTOCOL : PINION_PASS_MALFORMED);
  }
}

TEST_P(EachConnection, IfNobodyHasItIsLeftToTheStack) {
  const auto& [name, packet, server] = GetParam();
  const Bytes in = build(error_about(turned(packet), kTooBig4));
  expect(in, PINION_PASS_OTHER_PROTOCOL, in);
  director().each_connection([](pinion_connection&) { ADD_FAILURE() << "a connection was made"; });
}

INSTANTIATE_TEST_SUITE_P(Icmp, EachConnection, testing::ValuesIn(kCases),
                         [](const auto& at) { return std::string(at.param.name); });

TEST_F(Icmp, ComesBehindOptionsHeadersAndTags) {
  open({});
  open(ipv6({}));
  Packet error = error_about(turned({}), kTooBig4, 28);
  error.ip_options = Bytes(40, 1);
  error.tags = {kServiceVlan, kVlan};
  Bytes in = build(error);
  expect(in, PINION_FORWARD_ICMP, towards(1, in));
  error = error_about(turned(ipv6({})), kTooBig6, 48);
  error.extensions = {hop_by_hop(), destination_options()};
  in = build(error);
  expect(in, PINION_FORWARD_ICMP, towards(3, in));
}

// A frame is 60 bytes at least: what is beyond the packet is no quote.
TEST_F(Icmp, PadsAreNotQuoted) {
  open({});
  Bytes in = build(error_about(turned({}), kTooBig4, 27));
  in.resize(in.size() + 20);
  expect_untouched(in, PINION_PASS_MALFORMED);
}

TEST_F(Icmp, OtherTypesAreLeftToTheStack) {
  open({});
  for (int type = 0; type < 256; ++type) {
    if (type == 3 || type == 11 || type == 12) continue;
    expect_untouched(
        build(error_about(turned({}), {.type4 = static_cast<uint8_t>(type), .type6 = 0})),
        PINION_PASS_OTHER_PROTOCOL);
  }
}

TEST_F(Icmp, OtherTypesAreLeftToTheStack6) {
  open(ipv6({}));
  for (int type = 0; type < 256; ++type) {
    if (type >= 1 && type <= 4) continue;
    expect_untouched(
        build(error_about(turned(ipv6({})), {.type4 = 0, .type6 = static_cast<uint8_t>(type)})),
        PINION_PASS_OTHER_PROTOCOL);
  }
}

// An error that is not for whoever sent what it quotes.
TEST_F(Icmp, ToSomebodyElseItIsLeftToTheStack) {
  open({});
  for (const char* to : {"10.1.0.9", "10.0.0.2", "224.0.0.1", "255.255.255.255"}) {
    Packet error = error_about(turned({}), kTooBig4);
    error.to = to;
    expect_untouched(build(error), PINION_PASS_OTHER_PROTOCOL);
  }
  Packet error = error_about(turned({}), kTooBig4);
  error.destination_mac = "ff:ff:ff:ff:ff:ff";
  expect_untouched(build(error), PINION_PASS_MULTICAST);
}

TEST_F(Icmp, ToSomebodyElseItIsLeftToTheStack6) {
  open(ipv6({}));
  for (const char* to : {"2001:db8:1::9", "2001:db8::2", "ff02::1"}) {
    Packet error = error_about(turned(ipv6({})), kTooBig4);
    error.to = to;
    expect_untouched(build(error), PINION_PASS_OTHER_PROTOCOL);
  }
}

// What the client sent is quoted to the client, whom it does not reach by the director.
TEST_F(Icmp, AboutAClientsPacketIsLeftToTheStack) {
  open({});
  expect_untouched(build(error_about({}, kTooBig4)), PINION_PASS_OTHER_PROTOCOL);
}

TEST_F(Icmp, AnErrorAboutAnErrorIsLeftToTheStack) {
  open({});
  Packet inner = error_about(turned({}), kTooBig4);
  inner.from = "10.0.0.1";
  inner.to = "10.1.0.9";
  expect_untouched(build(error_about(inner, kTooBig4)), PINION_PASS_OTHER_PROTOCOL);
}

TEST_F(Icmp, AboutALaterFragmentIsLeftToTheStack) {
  open({});
  for (const uint16_t fragment : {uint16_t{0x0001}, uint16_t{0x2001}, uint16_t{0x1fff}}) {
    Packet about = turned({});
    about.fragment = fragment;
    expect_untouched(build(error_about(about, kTooBig4)), PINION_PASS_OTHER_PROTOCOL);
  }
}

TEST_F(Icmp, AboutAFirstFragmentFollowsItsConnection) {
  open({});
  Packet about = turned({});
  about.fragment = 0x2000;
  Bytes in = build(error_about(about, kTooBig4));
  expect(in, PINION_FORWARD_ICMP, towards(1, in));
  open(ipv6({}));
  in = build(error_about(turned(extended({hop_by_hop(), ipv6_fragment(1)})), kTooBig6));
  expect(in, PINION_FORWARD_ICMP, towards(3, in));
}

TEST_F(Icmp, AboutHeadersThatAreNotFollowedIsLeftToTheStack) {
  open(ipv6({}));
  const auto about = [](std::vector<Extension> extensions) {
    return build(error_about(turned(extended(std::move(extensions))), kTooBig6));
  };
  expect_untouched(about({ipv6_fragment(0x0101)}), PINION_PASS_OTHER_PROTOCOL);
  expect_untouched(about({routing(1)}), PINION_PASS_OTHER_PROTOCOL);
  expect_untouched(about(std::vector<Extension>(7, hop_by_hop())), PINION_PASS_TOO_DEEP);
}

// A byte of the quote set to something else.
TEST_F(Icmp, WithAFaultInTheQuoteItIsPassed) {
  const struct {
    Packet packet;
    size_t at;
    uint8_t byte;
    pinion_verdict verdict;
  } faults[] = {
      {{}, 0, 0x55, PINION_PASS_MALFORMED},
      {{}, 0, 0x65, PINION_PASS_MALFORMED},
      {{}, 0, 0x44, PINION_PASS_MALFORMED},
      {{}, 0, 0x40, PINION_PASS_MALFORMED},
      {{}, 0, 0x4f, PINION_PASS_MALFORMED},  // A header as long as all that is quoted, and more.
      {{}, 9, 132, PINION_PASS_OTHER_PROTOCOL},
      {{}, 16, 11, PINION_PASS_OTHER_PROTOCOL},  // Another client's address, and port.
      {{}, 22, 7, PINION_PASS_OTHER_PROTOCOL},
      {ipv6({}), 0, 0x45, PINION_PASS_MALFORMED},
      {ipv6({}), 6, 132, PINION_PASS_OTHER_PROTOCOL},
      {ipv6({}), 6, 0, PINION_PASS_MALFORMED},  // An extension header longer than the quote.
      {ipv6({}), 24, 9, PINION_PASS_OTHER_PROTOCOL},
      {ipv6({}), 42, 7, PINION_PASS_OTHER_PROTOCOL},
  };
  for (const auto& fault : faults) {
    SCOPED_TRACE(fault.at);
    director().reset();
    SetUp();
    open(fault.packet);
    Bytes in = build(error_about(turned(fault.packet), kTooBig4, is_v6(fault.packet) ? 48 : 28));
    in.at(14 + (is_v6(fault.packet) ? 40 : 20) + 8 + fault.at) = fault.byte;
    expect_untouched(in, fault.verdict);
  }
}

TEST_F(Icmp, PingsAreTheStacks) {
  open({});
  Packet ping{.protocol = kIcmp, .payload = {8, 0, 0, 0, 0, 1, 0, 1, 'x'}};
  expect_untouched(build(ping), PINION_PASS_OTHER_PROTOCOL);
  ping = ipv6(ping);
  ping.protocol = kIcmp6;
  ping.payload[0] = 128;
  expect_untouched(build(ping), PINION_PASS_OTHER_PROTOCOL);
}

TEST_F(Icmp, IsDroppedAsThePacketsOfItsConnectionAre) {
  open({});
  const Bytes in = build(error_about(turned({}), kTooBig4));
  director().servers()[1].generation = 2;
  expect(in, PINION_DROP_INTERNAL, in);
  director().add_server(1, {.resolved = false});
  expect(in, PINION_DROP_NO_NEIGHBOUR, in);
}

TEST_F(Icmp, ToALocalServerGoesToTheStack) {
  director().add_server(1, {.resolved = false, .method = PINION_METHOD_LOCAL});
  director().servers()[1].flags |= PINION_SERVER_HERE;
  open({});
  const Bytes in = build(error_about(turned({}), kTooBig4));
  const Ran ran = director().run(in);
  EXPECT_EQ(ran.action, static_cast<uint32_t>(XDP_PASS));
  EXPECT_EQ(hex(ran.out), hex(in));
  EXPECT_EQ(director().verdict(PINION_FORWARD_ICMP), 1u);
}

using IcmpTunnel = WithTunnel;

TEST_F(IcmpTunnel, GoesThroughTheConnectionsTunnel) {
  const Kind kinds[] = {
      {PINION_TUNNEL_IPIP}, {PINION_TUNNEL_GRE}, {PINION_TUNNEL_GUE}, {PINION_TUNNEL_GUE, true}};
  for (const Kind kind : kinds)
    for (const auto& [address, source] : {std::pair(kServer4, kSource4), {kServer6, kSource6}})
      for (const Packet& packet : {Packet{}, Packet{.protocol = kUdp}, ipv6({}),
                                   ipv6({.protocol = kUdp, .udp_checksum = false})}) {
        to_server(address, source, 0, kind);
        director().run(build(packet));
        const Packet error = error_about(turned(packet), kTooBig4);
        expect(build(error), PINION_FORWARD_ICMP,
               wrapped_as(error, hash_of(packet), address, source, kind));
      }
}

// Nobody is told of an error that does not fit.
TEST_F(IcmpTunnel, TooBigForItsTunnelItIsDropped) {
  to_server(kServer4, kSource4);
  for (const Packet& packet : {Packet{}, ipv6({})}) {
    director().run(build(packet));
    Packet error = error_about(sized(turned(packet), 1470), kTooBig4);
    error.fragment = kDontFragment;
    const Bytes in = build(error);
    expect(in, PINION_DROP_TOO_BIG, in);
  }
}

}  // namespace
}  // namespace pinion::packet
