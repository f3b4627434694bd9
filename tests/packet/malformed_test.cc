// SPDX-License-Identifier: Apache-2.0
// Headers that are cut short or contradict themselves are left to the stack, never forwarded.
#include <linux/bpf.h>

#include "tests/packet/director.h"

namespace pinion::packet {
namespace {

constexpr uint16_t kVlan = 0x8100;

Packet ipv6(Packet packet) {
  packet.from = "2001:db8:1::9";
  packet.to = "2001:db8::1";
  return packet;
}

// A valid packet, cut after each of its bytes.
struct Shape {
  const char* name;
  Packet packet;

  friend void PrintTo(const Shape& shape, std::ostream* out) { *out << shape.name; }
};

const Shape kShapes[] = {
    {"Tcp", {}},
    {"TcpWithOptions", {.tcp_options = Bytes(40, 1)}},
    {"Udp", {.protocol = kUdp, .dport = 53}},
    {"IpOptions", {.ip_options = Bytes(40, 1), .tcp_options = Bytes(12, 1)}},
    {"TwoVlanTags", {.tags = {kVlan, kVlan}}},
    {"Tcp6", ipv6({})},
    {"Udp6", ipv6({.protocol = kUdp, .dport = 53})},
    {"AllHeaders6",
     ipv6({.tags = {kVlan, kVlan},
           .extensions = {hop_by_hop(), destination_options(), routing(0), authentication(),
                          destination_options(), destination_options()},
           .tcp_options = Bytes(20, 1)})},
};

class Truncated : public WithDirector, public testing::WithParamInterface<Shape> {};

TEST_P(Truncated, AtAnyLength) {
  const Packet& packet = GetParam().packet;
  const Bytes whole = build(packet);
  const size_t headers = whole.size() - packet.payload.size();
  for (size_t length = 14; length < headers; ++length) {
    const Bytes in(whole.begin(), whole.begin() + static_cast<long>(length));
    const Ran ran = director().run(in);
    EXPECT_EQ(ran.action, static_cast<uint32_t>(XDP_PASS)) << "cut to " << length;
    EXPECT_EQ(hex(ran.out), hex(in));
  }
  EXPECT_EQ(director().verdict(PINION_PASS_MALFORMED), headers - 14);
  // A payload that is cut (or stands in a further buffer) is the real server's to judge.
  for (size_t length = headers; length <= whole.size(); ++length) {
    const Bytes in(whole.begin(), whole.begin() + static_cast<long>(length));
    EXPECT_EQ(director().run(in).action, static_cast<uint32_t>(XDP_TX)) << "cut to " << length;
  }
}

INSTANTIATE_TEST_SUITE_P(Shape, Truncated, testing::ValuesIn(kShapes),
                         [](const auto& at) { return std::string(at.param.name); });

// A valid packet with one byte or two set to something else.
struct Fault {
  const char* name;
  Packet packet;
  size_t at;  // From the IP header on.
  Bytes bytes;

  friend void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }
};

constexpr size_t kIp4Length = 2, kIp6Length = 4, kTcpOffset4 = 20 + 12, kUdpLength4 = 20 + 4;
constexpr size_t kTcpOffset6 = 40 + 12, kUdpLength6 = 40 + 4, kFirstExtension = 40;
const Packet kUdp4 = {.protocol = kUdp, .dport = 53};

Extension sixteen_bytes() { return {60, {1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}}; }

const Fault kFaults[] = {
    {"Version5", {}, 0, {0x55}},
    {"Version6InAnIpv4Frame", {}, 0, {0x65}},
    {"Version4InAnIpv6Frame", ipv6({}), 0, {0x40}},
    {"HeaderOf0Words", {}, 0, {0x40}},
    {"HeaderOf4Words", {}, 0, {0x44}},
    {"HeaderLongerThanThePacket", {.payload = {}}, 0, {0x4b}},
    {"Length0", {}, kIp4Length, {0, 0}},
    {"LengthShorterThanTheHeader", {}, kIp4Length, {0, 19}},
    {"LengthEndsBeforeTcp", {}, kIp4Length, {0, 20}},
    {"LengthEndsWithinTcp", {}, kIp4Length, {0, 39}},
    {"LengthEndsWithinTheTcpOptions", {.tcp_options = Bytes(4, 1)}, kIp4Length, {0, 43}},
    {"LengthEndsWithinUdp", kUdp4, kIp4Length, {0, 27}},
    {"TcpHeaderOf0Words", {}, kTcpOffset4, {0x00}},
    {"TcpHeaderOf4Words", {}, kTcpOffset4, {0x40}},
    {"TcpHeaderLongerThanThePacket", {}, kTcpOffset4, {0xf0}},
    {"UdpLength0", kUdp4, kUdpLength4, {0, 0}},
    {"UdpLength7", kUdp4, kUdpLength4, {0, 7}},
    {"UdpLengthBeyondThePacket", kUdp4, kUdpLength4, {0, 14}},
    {"Length0Of6", ipv6({}), kIp6Length, {0, 0}},
    {"LengthEndsWithinTcp6", ipv6({}), kIp6Length, {0, 19}},
    {"LengthEndsWithinUdp6", ipv6(kUdp4), kIp6Length, {0, 7}},
    {"LengthEndsWithinAnExtension", ipv6({.extensions = {hop_by_hop()}}), kIp6Length, {0, 7}},
    {"LengthEndsWithinALongExtension",
     ipv6({.extensions = {sixteen_bytes()}}),
     kIp6Length,
     {0, 12}},
    {"LengthEndsWithinTcpBehindALongExtension",
     ipv6({.extensions = {sixteen_bytes()}}),
     kIp6Length,
     {0, 16 + 12}},
    {"TcpHeaderOf4Words6", ipv6({}), kTcpOffset6, {0x40}},
    {"UdpLengthBeyondThePacket6", ipv6(kUdp4), kUdpLength6, {0xff, 0xff}},
    {"ExtensionLongerThanThePacket",
     ipv6({.extensions = {hop_by_hop()}}),
     kFirstExtension + 1,
     {255}},
    {"AuthenticationLongerThanThePacket",
     ipv6({.extensions = {authentication()}}),
     kFirstExtension + 1,
     {255}},
};

class Faulty : public WithDirector, public testing::WithParamInterface<Fault> {};

TEST_P(Faulty, IsLeftToTheStack) {
  const Fault& fault = GetParam();
  Bytes in = build(fault.packet);
  std::copy(fault.bytes.begin(), fault.bytes.end(),
            in.begin() + static_cast<long>(ip_offset(fault.packet) + fault.at));
  expect(in, PINION_PASS_MALFORMED, in);
}

INSTANTIATE_TEST_SUITE_P(With, Faulty, testing::ValuesIn(kFaults),
                         [](const auto& at) { return std::string(at.param.name); });

}  // namespace
}  // namespace pinion::packet
