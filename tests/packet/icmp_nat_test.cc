// SPDX-License-Identifier: Apache-2.0
// NAT of ICMP errors, both ways: whole frames, in which what is quoted is what its sender has sent.
#include <linux/bpf.h>

#include <cstring>

#include "balancer/bpf/conntrack/connection_table.h"
#include "tests/packet/icmp.h"
#include "tests/packet/named.h"
#include "tests/packet/nat.h"
#include "tests/packet/sctp.h"

namespace pinion::packet {
namespace {

class IcmpNat : public WithNat {
 protected:
  // An error about what the real server has answered to `packet`, on its way to the client.
  void expect_to_server(const Packet& packet, const Error& error, size_t quoted) {
    const Packet answer = reply(packet, kAck);
    const Packet in = error_about(untranslated(packet, answer), error, quoted);
    Packet sent = answer;
    --sent.ttl;  // As far as it came.
    Packet out = error_about(sent, error, quoted);
    out.destination_mac = next_hop_of(server_for(packet));
    out.source_mac = kEgressMac;
    --out.ttl;
    expect(build(in), PINION_FORWARD_ICMP, build(out));
  }

  // An error about the client's packet, from beyond the director.
  void expect_to_client(const Packet& packet, const Error& error, size_t quoted) {
    const Packet arrived = translated(packet);
    Packet in = error_about(arrived, error, quoted);
    in.source_mac = "02:00:00:00:00:dd";
    Packet sent = packet;
    --sent.ttl;
    Packet out = error_about(sent, error, quoted);
    out.destination_mac = packet.source_mac;
    out.source_mac = packet.destination_mac;
    out.from = packet.to;  // Whoever it is that tells.
    --out.ttl;
    expect(build(in), PINION_FORWARD_ICMP, build(out));
  }
};

Packet extended(std::vector<Extension> extensions) {
  Packet packet;
  packet.extensions = std::move(extensions);
  return ipv6(packet);
}

const NamedPacket kCases[] = {
    {"Tcp4", {}},
    {"Udp4", {.protocol = kUdp, .dport = 53}},
    {"Udp4WithoutAChecksum", {.protocol = kUdp, .dport = 53, .udp_checksum = false}},
    {"IpOptions", {.ip_options = Bytes(40, 1)}},
    {"Sctp4", sctp_init({})},
    {"Tcp6", ipv6({})},
    {"Udp6", ipv6({.protocol = kUdp, .dport = 53})},
    {"Sctp6", ipv6(sctp_init({}))},
    {"Extensions6", extended({hop_by_hop(), destination_options()})},
};

class ErrorsBothWays : public IcmpNat, public testing::WithParamInterface<NamedPacket> {};

// From 8 bytes of the transport on: with or without its checksum (of half a one nothing is asked),
// an odd number of bytes.
TEST_P(ErrorsBothWays, ShowsEachEndWhatItHasSent) {
  const Packet& packet = GetParam().packet;
  open(packet);
  const size_t header = packet.protocol == kTcp ? 20 : packet.protocol == kUdp ? 8 : 12;
  const size_t transport = ip_bytes(packet).size() - packet.payload.size() - header;
  for (const Error& error : {kUnreachable, kExceeded, kParameter, kTooBig4, kTooBig6})
    for (const size_t quoted :
         {transport + 8, transport + 9, transport + 16, transport + 18, transport + 19, kAll}) {
      expect_to_server(packet, error, quoted);
      expect_to_client(packet, error, quoted);
    }
}

TEST_P(ErrorsBothWays, IsCountedAndChangesNothing) {
  const Packet& packet = GetParam().packet;
  const uint32_t server = server_for(packet);
  open(packet);
  director().let_pass(1000);
  const pinion_connection halves[] = {forward(), half(PINION_REPLY)};
  const pinion_counters before = director().counters(server);
  expect_to_server(packet, kTooBig4, kAll);
  expect_to_client(packet, kTooBig4, kAll);
  EXPECT_EQ(std::memcmp(&halves[0], &forward(), sizeof(halves[0])), 0);
  EXPECT_EQ(std::memcmp(&halves[1], &half(PINION_REPLY), sizeof(halves[1])), 0);
  const pinion_counters after = director().counters(server);
  EXPECT_EQ(after.packets, before.packets + 1);
  EXPECT_EQ(after.reply_packets, before.reply_packets + 1);
  EXPECT_GT(after.bytes, before.bytes);
  EXPECT_GT(after.reply_bytes, before.reply_bytes);
  EXPECT_EQ(after.connections, before.connections);
  expect_exact_load();
}

TEST_P(ErrorsBothWays, IfNobodyHasItIsLeftToTheStack) {
  const Packet& packet = GetParam().packet;
  for (const Packet& about : {turned(packet), translated(packet)}) {
    const Bytes in = build(error_about(about, kTooBig4));
    expect(in, PINION_PASS_OTHER_PROTOCOL, in);
  }
}

INSTANTIATE_TEST_SUITE_P(Icmp, ErrorsBothWays, testing::ValuesIn(kCases), test_name);

// Incremental checksums go wrong at the ends of their range, if anywhere.
TEST_F(IcmpNat, EveryChecksumStaysRight) {
  for (uint32_t i = 0; i < 2000; ++i) {
    Packet packet{.sport = static_cast<uint16_t>(i * 31 + 1024)};
    packet.payload = {static_cast<uint8_t>(i), static_cast<uint8_t>(i >> 3), 0xff, 0xff};
    packet.ttl = static_cast<uint8_t>(3 + i % 250);
    if (i % 2) packet.protocol = kUdp, packet.dport = 53;
    if (i % 4 > 1) packet = ipv6(packet);
    director().each_connection([](pinion_connection& one) { one = {}; });
    director().run(build(packet));
    const Error error = {.type4 = 3, .type6 = 2, .code = 4, .rest = static_cast<uint16_t>(i * 37)};
    expect_to_server(packet, error, kAll);
    expect_to_client(packet, error, kAll);
    expect_to_server(packet, error, is_v6(packet) ? 48 : 28);
    expect_to_client(packet, error, is_v6(packet) ? 48 : 28);
  }
}

// An error is 576 bytes at most; a frame 60 at least, and what is beyond the packet is no quote.
TEST_F(IcmpNat, PadsStayAsTheyAre) {
  open({});
  Packet sent = reply({}, kAck);
  Bytes in = build(error_about(untranslated({}, sent), kTooBig4, 28));
  --sent.ttl;
  Packet error = error_about(sent, kTooBig4, 28);
  error.destination_mac = next_hop_of(kServer);
  error.source_mac = kEgressMac;
  --error.ttl;
  Bytes out = build(error);
  in.resize(in.size() + 20, 0x5a);
  out.resize(in.size(), 0x5a);
  expect(in, PINION_FORWARD_ICMP, out);
}

TEST_F(IcmpNat, WithItsTtlUsedUpItIsDropped) {
  open({});
  Packet error = error_about(untranslated({}, reply({})), kTooBig4);
  error.ttl = 1;
  expect(build(error), PINION_DROP_TTL, build(error));
  error = error_about(translated({}), kTooBig4);
  error.ttl = 1;
  expect(build(error), PINION_DROP_TTL, build(error));
}

TEST_F(IcmpNat, WithoutItsConnectionAReplyHalfLeadsNowhere) {
  open({});
  forward() = {};
  const Bytes in = build(error_about(translated({}), kTooBig4));
  expect(in, PINION_PASS_OTHER_PROTOCOL, in);
}

TEST_F(IcmpNat, FromAVlanThereIsNoLastHop) {
  const Packet packet{.tags = {0x8100}};
  expect(build(packet), PINION_FORWARD_NEW, to_server(packet));
  const Bytes in = build(error_about(translated({}), kTooBig4));
  expect(in, PINION_DROP_NO_NEIGHBOUR, in);
}

}  // namespace
}  // namespace pinion::packet
