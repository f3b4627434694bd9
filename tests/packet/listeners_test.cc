// SPDX-License-Identifier: Apache-2.0
// Ranges of ports, any port, and prefixes of addresses: which service gets a packet.
#include <linux/bpf.h>

#include <utility>

#include "balancer/bpf/conntrack/connection_table.h"
#include "tests/packet/director.h"
#include "tests/packet/icmp.h"

namespace pinion::packet {
namespace {

constexpr char kVip[] = "10.0.0.9", kVip6[] = "2001:db8::9";

// Each service has one real server, of its own number.
class Listeners : public WithDirector {
 protected:
  static void add(uint32_t number, Service service) {
    director().add_server(number, {});
    service.index = number;
    service.slot_base = 100 + number;
    service.slots = {number};
    director().add_service(service);
  }
  uint32_t server_at(const std::string& to, uint16_t port, uint8_t protocol = kTcp) {
    const bool v6 = to.find(':') != std::string::npos;
    director().each_connection([](pinion_connection& one) { one = {}; });
    return server_of(
        {.from = v6 ? "2001:db8:1::9" : "10.1.0.9", .to = to, .protocol = protocol, .dport = port});
  }
};

TEST_F(Listeners, TheNarrowestGetsThePacket) {
  const std::pair<const char*, uint32_t> families[] = {{kVip, 96}, {kVip6, 0}};
  for (const auto& [vip, mapped] : families) {
    const bool v6 = mapped == 0;
    const std::string net = v6 ? "2001:db8::" : "10.0.0.0", wide = v6 ? "2001::" : "10.0.0.0";
    const uint32_t narrow = v6 ? 64 : mapped + 24, wider = v6 ? 16 : mapped + 8;
    add(10, {.address = wide, .port = 0, .address_bits = wider});
    EXPECT_EQ(server_at(vip, 8080), 10u) << "any port of the wide prefix";
    add(11, {.address = net, .port = 0, .address_bits = narrow});
    EXPECT_EQ(server_at(vip, 8080), 11u) << "any port of the narrow one";
    add(12, {.address = wide, .port = 8080, .address_bits = wider});
    EXPECT_EQ(server_at(vip, 8080), 12u) << "that port, though of the wide one";
    add(13, {.address = net, .port = 8080, .address_bits = narrow});
    EXPECT_EQ(server_at(vip, 8080), 13u) << "that port of the narrow one";
    add(14, {.address = vip, .port = 0, .port_bits = 0});
    EXPECT_EQ(server_at(vip, 8080), 14u) << "any port of the address";
    add(15, {.address = vip, .port = 8064, .port_bits = 10});
    EXPECT_EQ(server_at(vip, 8080), 15u) << "a range";
    add(16, {.address = vip, .port = 8080, .port_bits = 15});
    EXPECT_EQ(server_at(vip, 8080), 16u) << "a narrower one";
    add(17, {.address = vip, .port = 8080});
    EXPECT_EQ(server_at(vip, 8080), 17u) << "that very port";

    EXPECT_EQ(server_at(vip, 8081), 16u);
    EXPECT_EQ(server_at(vip, 8082), 15u);
    EXPECT_EQ(server_at(vip, 9000), 14u);
    const std::string neighbour = v6 ? "2001:db8::a" : "10.0.0.10";
    EXPECT_EQ(server_at(neighbour, 8080), 13u);
    EXPECT_EQ(server_at(neighbour, 8081), 11u);
    const std::string far = v6 ? "2001:db9::1" : "10.7.0.1";
    EXPECT_EQ(server_at(far, 8080), 12u);
    EXPECT_EQ(server_at(far, 22), 10u);
    EXPECT_EQ(server_at(v6 ? "2002::1" : "11.0.0.1", 8080), 0u);
    EXPECT_EQ(server_at(vip, 8080, kUdp), 0u) << "another protocol";
  }
}

// 8000-8100, as the daemon divides it.
TEST_F(Listeners, ARangeEndsWhereItSays) {
  const std::pair<uint16_t, uint32_t> blocks[] = {{8000, 10}, {8064, 11}, {8096, 14}, {8100, 16}};
  for (const auto& [first, bits] : blocks)
    add(10, {.address = kVip, .port = first, .port_bits = bits});
  for (uint32_t port = 7900; port < 8200; ++port)
    EXPECT_EQ(server_at(kVip, static_cast<uint16_t>(port)), port >= 8000 && port <= 8100 ? 10u : 0u)
        << port;
  EXPECT_EQ(server_at("10.0.0.8", 8000), 0u) << "another address";
}

TEST_F(Listeners, AnyPortIsEveryPort) {
  add(10, {.address = kVip, .port = 0, .port_bits = 0});
  for (const uint32_t port : {0u, 1u, 80u, 32768u, 65535u})
    EXPECT_EQ(server_at(kVip, static_cast<uint16_t>(port)), 10u) << port;
}

TEST_F(Listeners, APrefixEndsWhereItSays) {
  add(10, {.address = "192.0.2.16", .port = 0, .address_bits = 96 + 28});
  EXPECT_EQ(server_at("192.0.2.15", 80), 0u);
  EXPECT_EQ(server_at("192.0.2.16", 80), 10u);
  EXPECT_EQ(server_at("192.0.2.31", 80), 10u);
  EXPECT_EQ(server_at("192.0.2.32", 80), 0u);
  add(11, {.address = "2001:db8:5::", .port = 53, .protocol = kUdp, .address_bits = 48});
  EXPECT_EQ(server_at("2001:db8:5:ffff:ffff:ffff:ffff:ffff", 53, kUdp), 11u);
  EXPECT_EQ(server_at("2001:db8:6::", 53, kUdp), 0u);
  EXPECT_EQ(server_at("2001:db8:5::1", 54, kUdp), 0u);
}

TEST_F(Listeners, IsDroppedWithoutAServer) {
  director().add_service({.address = kVip, .port = 0, .index = 10, .port_bits = 0});
  const Bytes in = build({.to = kVip});
  expect(in, PINION_DROP_NO_SERVER, in);
}

TEST_F(Listeners, AConnectionStaysWhereItBeganWhenANarrowerServiceComes) {
  add(10, {.address = kVip, .port = 0, .port_bits = 0});
  Packet packet{.to = kVip, .dport = 8080};
  expect_forwarded(packet, PINION_FORWARD_NEW, 10);
  add(11, {.address = kVip, .port = 8080, .port_bits = 15});
  packet.flags = kAck;
  expect_forwarded(packet, PINION_FORWARD_KNOWN, 10);
  packet.sport = 40001;
  packet.flags = kSyn;
  expect_forwarded(packet, PINION_FORWARD_NEW, 11);
}

// A program without the code looks at neither map.
TEST(WithoutListeners, AreLeftToTheStack) {
  Features features;
  features.code.listeners = 0;
  std::unique_ptr<Director> director;
  try {
    director = std::make_unique<Director>(features);
  } catch (const std::system_error& error) {
    if (error.code().value() == EPERM) GTEST_SKIP() << "CAP_BPF is missing: " << error.what();
    throw;
  }
  director->reset();
  director->add_server(1, {});
  director->add_service({.address = kVip, .port = 0, .slots = {1}, .port_bits = 0});
  director->add_service({.slots = {1}});
  director->run(build({.to = kVip}));
  EXPECT_EQ(director->verdict(PINION_PASS_NOT_OURS), 1u);
  director->run(build({}));
  EXPECT_EQ(director->verdict(PINION_FORWARD_NEW), 1u);
}

struct Case {
  const char* name;
  bool v6;
  uint8_t protocol;
  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
};

// A real server that is at the port that packets come for, whichever it is.
class AnyPortByNat : public Listeners, public testing::WithParamInterface<Case> {
 protected:
  void SetUp() override {
    Listeners::SetUp();
    if (IsSkipped()) return;
    director().add_server(20, {.method = PINION_METHOD_NAT, .address = server_});
    director().look_at(server_);
    director().add_service({.address = vip_,
                            .port = 0,
                            .protocol = GetParam().protocol,
                            .index = 20,
                            .slot_base = 120,
                            .slots = {20},
                            .port_bits = 0});
  }

  Packet asked(uint16_t port) const {
    return {.from = GetParam().v6 ? "2001:db8:1::9" : "10.1.0.9",
            .to = vip_,
            .protocol = GetParam().protocol,
            .dport = port};
  }
  Bytes to_server(Packet packet) const {
    packet.destination_mac = next_hop_of(20);
    packet.source_mac = kEgressMac;
    packet.to = server_;
    --packet.ttl;
    return build(packet);
  }
  Packet answer(Packet packet) const {
    packet.to = std::exchange(packet.from, server_);
    std::swap(packet.sport, packet.dport);
    packet.flags = kSyn | kAck;
    packet.source_mac = "02:00:00:00:00:dd";
    return packet;
  }
  Bytes to_client(const Packet& question, Packet reply) const {
    reply.destination_mac = question.source_mac;
    reply.source_mac = question.destination_mac;
    reply.from = vip_;
    --reply.ttl;
    return build(reply);
  }

  const std::string vip_ = GetParam().v6 ? kVip6 : kVip;
  const std::string server_ = GetParam().v6 ? "fd00:5::5" : "192.168.5.5";
};

TEST_P(AnyPortByNat, KeepsThePortBothWays) {
  for (const uint32_t port : {1u, 80u, 8080u, 65535u}) {
    const Packet packet = asked(static_cast<uint16_t>(port));
    expect(build(packet), PINION_FORWARD_NEW, to_server(packet));
    const Packet reply = answer(packet);
    expect(build(reply), PINION_FORWARD_REPLY, to_client(packet, reply));
    expect_exact_load();
  }
  EXPECT_EQ(director().counters(20).reply_packets, 4u);
}

TEST_P(AnyPortByNat, AReplyFromAnotherPortIsNoReply) {
  const Packet packet = asked(8080);
  expect(build(packet), PINION_FORWARD_NEW, to_server(packet));
  Packet reply = answer(packet);
  reply.sport = 8081;
  expect(build(reply), PINION_PASS_NOT_OURS, build(reply));
}

TEST_P(AnyPortByNat, AnErrorShowsTheServerWhatItHasSent) {
  const Packet packet = asked(8080);
  expect(build(packet), PINION_FORWARD_NEW, to_server(packet));
  Packet sent = answer(packet);
  --sent.ttl;
  Packet arrived = sent;
  arrived.from = vip_;
  Packet out = error_about(sent, kTooBig4);
  out.destination_mac = next_hop_of(20);
  out.source_mac = kEgressMac;
  --out.ttl;
  expect(build(error_about(arrived, kTooBig4)), PINION_FORWARD_ICMP, build(out));
}

const Case kCases[] = {
    {"Tcp4", false, kTcp}, {"Udp4", false, kUdp}, {"Tcp6", true, kTcp}, {"Udp6", true, kUdp}};
INSTANTIATE_TEST_SUITE_P(All, AnyPortByNat, testing::ValuesIn(kCases),
                         [](const auto& at) { return std::string(at.param.name); });

}  // namespace
}  // namespace pinion::packet
