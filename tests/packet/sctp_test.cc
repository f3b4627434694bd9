// SPDX-License-Identifier: Apache-2.0
// SCTP: whole frames by direct routing, what each packet's chunks do to its connection, and errors
// about it. NAT and tunnels have it among their own cases.
#include <linux/bpf.h>

#include <string>

#include "balancer/bpf/conntrack/connection_table.h"
#include "tests/packet/director.h"
#include "tests/packet/icmp.h"
#include "tests/packet/named.h"
#include "tests/packet/sctp.h"

namespace pinion::packet {
namespace {

constexpr uint16_t kVlan = 0x8100;

class Sctp : public WithDirector {
 protected:
  static constexpr uint32_t kServer = 5, kServer6 = 6;

  void SetUp() override {
    WithDirector::SetUp();
    if (IsSkipped()) return;
    for (const uint32_t server : {kServer, kServer6}) {
      director().add_server(server, {});
      director().add_service({.address = server == kServer ? "10.0.0.1" : "2001:db8::1",
                              .protocol = kSctp,
                              .index = server,
                              .slot_base = 10 + server,
                              .slots = {server}});
    }
  }

  static uint32_t server_for(const Packet& packet) { return is_v6(packet) ? kServer6 : kServer; }
  void expect_forwarded(const Packet& packet, pinion_verdict verdict) {
    WithDirector::expect_forwarded(packet, verdict, server_for(packet));
  }
  void expect_state(pinion_state state) {
    EXPECT_EQ(pinion_state_of(connection().word), state);
    expect_exact_load();
  }
  // An association whose handshake is over.
  void open(const Packet& packet = {}) {
    expect_forwarded(sctp_init(packet), PINION_FORWARD_NEW);
    expect_state(PINION_STATE_SYN_RECEIVED);
    expect_forwarded(cookie_echo(packet), PINION_FORWARD_KNOWN);
    expect_state(PINION_STATE_ESTABLISHED);
  }
};

TEST(Crc32c, IsThatOfTheReference) {
  EXPECT_EQ(crc32c({'1', '2', '3', '4', '5', '6', '7', '8', '9'}), 0xe3069283u);
  EXPECT_EQ(crc32c(Bytes(32)), 0x8a9136aau);  // RFC 3720, B.4
}

Packet extended(std::vector<Extension> extensions) {
  Packet packet;
  packet.extensions = std::move(extensions);
  return ipv6(packet);
}

const NamedPacket kCases[] = {
    {"Ipv4", {}},
    {"IpOptions", {.ip_options = Bytes(40, 1)}},
    {"TwoVlanTags", {.tags = {kVlan, kVlan}}},
    {"Ipv6", ipv6({})},
    {"Headers6", extended({hop_by_hop(), routing(0), authentication()})},
};

class EachShape : public Sctp, public testing::WithParamInterface<NamedPacket> {};

TEST_P(EachShape, GoesAsItIsToTheRealServer) {
  const Packet& packet = GetParam().packet;
  open(packet);
  expect_forwarded(sctp(packet, chunk(kData, 1200)), PINION_FORWARD_KNOWN);
  EXPECT_EQ(director().counters(server_for(packet)).connections, 1u);
  EXPECT_EQ(director().counters(server_for(packet)).packets, 3u);
}

// What a router tells the sender of the real server's packet: 8 bytes of it suffice, which end
// before its checksum.
TEST_P(EachShape, GetsItsErrors) {
  const Packet& packet = GetParam().packet;
  open(packet);
  Packet answer = turned(sctp(packet, chunk(kData, 1200)));
  answer.tags = {};
  const size_t header = ip_bytes(answer).size() - answer.payload.size() - 12;
  for (const size_t quoted : {header + 8, header + 12, header + 13, kAll}) {
    const Bytes in = build(error_about(answer, is_v6(packet) ? kTooBig6 : kTooBig4, quoted));
    expect(in, PINION_FORWARD_ICMP, towards(server_for(packet), in));
  }
  const Bytes less = build(error_about(answer, kUnreachable, header + 7));
  expect(less, PINION_PASS_MALFORMED, less);
  expect_state(PINION_STATE_ESTABLISHED);
}

TEST_P(EachShape, CutShortIsLeftToTheStack) {
  const Bytes whole = build(sctp_init(GetParam().packet));
  const size_t chunks = whole.size() - 20;  // An INIT of 20 bytes.
  for (size_t length = chunks - 12; length < chunks + 4; ++length) {
    const Bytes in(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length));
    expect(in, PINION_PASS_MALFORMED, in);
  }
  const Bytes enough(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(chunks + 4));
  EXPECT_EQ(director().run(enough).action, static_cast<uint32_t>(XDP_TX));
}

INSTANTIATE_TEST_SUITE_P(Sctp, EachShape, testing::ValuesIn(kCases), test_name);

// What the packet's chunks make of an association whose handshake is over.
struct Bundle {
  const char* name;
  Bytes chunks;
  pinion_state state;
  friend void PrintTo(const Bundle& bundle, std::ostream* out) { *out << bundle.name; }
};

Bytes with_length(Bytes chunk, uint16_t length) {
  chunk[2] = static_cast<uint8_t>(length >> 8);
  chunk[3] = static_cast<uint8_t>(length);
  return chunk;
}

const Bundle kBundles[] = {
    {"Data", chunk(kData), PINION_STATE_ESTABLISHED},
    {"Heartbeat", chunk(kHeartbeat), PINION_STATE_ESTABLISHED},
    {"OfAnUnknownType", chunk(0xc1), PINION_STATE_ESTABLISHED},
    {"Abort", chunk(kAbort, 0), PINION_STATE_CLOSED},
    {"Shutdown", chunk(kShutdown, 4), PINION_STATE_FIN_WAIT},
    {"ShutdownAck", chunk(kShutdownAck, 0), PINION_STATE_LAST_ACK},
    {"ShutdownCompleteOutOfTurn", chunk(kShutdownComplete, 0), PINION_STATE_ESTABLISHED},
    {"ShutdownBehindSack", chunks({chunk(kSack), chunk(kShutdown, 4)}), PINION_STATE_FIN_WAIT},
    {"ShutdownBehindAnOddChunk", chunks({chunk(kError, 5), chunk(kShutdown, 4)}),
     PINION_STATE_FIN_WAIT},
    {"ErrorBehindShutdownAck", chunks({chunk(kShutdownAck, 0), chunk(kError)}),
     PINION_STATE_LAST_ACK},
    {"AbortBehindShutdown", chunks({chunk(kShutdown, 4), chunk(kAbort)}), PINION_STATE_CLOSED},
    {"AbortBehindCookieEcho", chunks({chunk(kCookieEcho), chunk(kAbort)}), PINION_STATE_CLOSED},
    {"AbortAsTheFourth", chunks({chunk(kSack), chunk(kError), chunk(kHeartbeat), chunk(kAbort)}),
     PINION_STATE_CLOSED},
    {"AbortBehindData", chunks({chunk(kData), chunk(kAbort)}), PINION_STATE_ESTABLISHED},
    {"InitBehindAnother", chunks({chunk(kShutdown, 4), chunk(kInit, 16)}), PINION_STATE_FIN_WAIT},
    {"AbortBehindTheEnd", chunks({with_length(chunk(kSack), 4000), chunk(kAbort)}),
     PINION_STATE_ESTABLISHED},
    {"AbortBehindAChunkWithoutALength",
     chunks({chunk(kSack), with_length(chunk(kSack), 3), chunk(kAbort)}), PINION_STATE_ESTABLISHED},
};

class Bundled : public Sctp, public testing::WithParamInterface<Bundle> {};

TEST_P(Bundled, LeadsTo) {
  open();
  expect_forwarded(sctp({}, GetParam().chunks), PINION_FORWARD_KNOWN);
  expect_state(GetParam().state);
}

INSTANTIATE_TEST_SUITE_P(Sctp, Bundled, testing::ValuesIn(kBundles),
                         [](const auto& at) { return std::string(at.param.name); });

// A frame has 60 bytes at least: what is behind the packet is none of its chunks.
TEST_F(Sctp, PadsOfTheFrameAreNoChunks) {
  open();
  Bytes in = build(sctp({}, chunk(kSack, 0)));
  const Bytes abort = chunk(kAbort, 0);
  in.insert(in.end(), abort.begin(), abort.end());
  expect(in, PINION_FORWARD_KNOWN, towards(kServer, in));
  expect_state(PINION_STATE_ESTABLISHED);
}

TEST_F(Sctp, OnlyTheCookieEchoEndsTheHandshake) {
  expect_forwarded(sctp_init({}), PINION_FORWARD_NEW);
  for (const uint8_t type : {kData, kSack, kHeartbeat, kShutdownComplete}) {
    expect_forwarded(sctp({}, chunk(type)), PINION_FORWARD_KNOWN);
    expect_state(PINION_STATE_SYN_RECEIVED);
  }
  expect_forwarded(cookie_echo({}), PINION_FORWARD_KNOWN);
  expect_state(PINION_STATE_ESTABLISHED);
}

// And all others have the tag that the real server gave out.
TEST_F(Sctp, OnlyAnInitWithoutATagOpens) {
  Packet tagged = sctp_init({});
  tagged.tag = 1;
  expect(build(tagged), PINION_PASS_MALFORMED, build(tagged));
  const Bytes short_chunk = build(sctp({}, with_length(chunk(kData), 3)));
  expect(short_chunk, PINION_PASS_MALFORMED, short_chunk);
}

TEST_F(Sctp, InMidStreamItIsPickedUp) {
  expect_forwarded(sctp({}, chunk(kData)), PINION_FORWARD_NEW);
  expect_state(PINION_STATE_PICKED_UP);
  expect_forwarded(cookie_echo({}), PINION_FORWARD_KNOWN);
  expect_state(PINION_STATE_PICKED_UP);
  expect_forwarded(sctp_init({}), PINION_FORWARD_NEW);
  expect_state(PINION_STATE_SYN_RECEIVED);
}

TEST_F(Sctp, TheSamePortsMayBeUsedAgainAfterTheEnd) {
  open();
  expect_forwarded(sctp({}, chunk(kShutdown, 4)), PINION_FORWARD_KNOWN);
  expect_forwarded(sctp({}, chunk(kShutdownComplete, 0)), PINION_FORWARD_KNOWN);
  expect_state(PINION_STATE_TIME_WAIT);
  expect_forwarded(sctp_init({}), PINION_FORWARD_NEW);
  expect_state(PINION_STATE_SYN_RECEIVED);
}

TEST_F(Sctp, FromAnotherAddressItIsAnotherConnection) {
  open();
  Packet elsewhere = sctp({}, chunk(kHeartbeat));
  elsewhere.from = "10.1.0.10";
  expect_forwarded(elsewhere, PINION_FORWARD_NEW);
}

TEST_F(Sctp, ByTheLocalMethodTheStackGetsIt) {
  director().add_server(kServer, {.resolved = false, .method = PINION_METHOD_LOCAL});
  director().servers()[kServer].flags |= PINION_SERVER_HERE;
  const Bytes in = build(sctp_init({}));
  const Ran ran = director().run(in);
  EXPECT_EQ(ran.action, static_cast<uint32_t>(XDP_PASS));
  EXPECT_EQ(hex(ran.out), hex(in));
  EXPECT_EQ(director().verdict(PINION_FORWARD_NEW), 1u);
}

TEST_F(Sctp, OtherPortsAndProtocolsAreLeftAlone) {
  for (const Packet& packet : {sctp_init({.dport = 81}), ipv6(sctp_init({.dport = 81}))})
    expect(build(packet), PINION_PASS_NOT_OURS, build(packet));
}

}  // namespace
}  // namespace pinion::packet
