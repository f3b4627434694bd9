// SPDX-License-Identifier: Apache-2.0
// What is not for a virtual service is left to the stack, untouched, and leaves no trace.
#include "tests/packet/director.h"

namespace pinion::packet {
namespace {

constexpr uint16_t kVlan = 0x8100;
constexpr uint8_t kEsp = 50, kNoNext = 59, kIpip = 4;

const char kOurs[] = "02:00:00:00:00:aa";
const char kBroadcast[] = "ff:ff:ff:ff:ff:ff";

struct Case {
  const char* name;
  Bytes in;
  pinion_verdict verdict;

  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
};

Bytes ipv6(Packet packet) {
  packet.from = "2001:db8:1::9";
  if (packet.to.find(':') == std::string::npos) packet.to = "2001:db8::1";
  return build(packet);
}

Bytes repeated(size_t times, const Extension& extension) {
  return ipv6({.extensions = std::vector<Extension>(times, extension)});
}

const Case kCases[] = {
    {"ArpRequest", frame(kBroadcast, 0x0806, Bytes(28)), PINION_PASS_MULTICAST},
    {"ArpReply", frame(kOurs, 0x0806, Bytes(28)), PINION_PASS_NOT_IP},
    {"Lldp", frame("01:80:c2:00:00:0e", 0x88cc, Bytes(46)), PINION_PASS_MULTICAST},
    {"UnicastLldp", frame(kOurs, 0x88cc, Bytes(46)), PINION_PASS_NOT_IP},
    {"LengthInPlaceOfAType", frame(kOurs, 0x0026, Bytes(38)), PINION_PASS_NOT_IP},
    {"NothingBehindTheEthernetHeader", frame(kOurs, 0x0806, {}), PINION_PASS_NOT_IP},
    {"NeighbourSolicitation",
     ipv6({.destination_mac = "33:33:ff:00:00:01", .to = "ff02::1:ff00:1", .protocol = kIcmp6}),
     PINION_PASS_MULTICAST},
    {"NeighbourAdvertisement", ipv6({.protocol = kIcmp6}), PINION_PASS_OTHER_PROTOCOL},
    {"MulticastUdp", build({.destination_mac = "01:00:5e:00:00:fb", .to = "224.0.0.251"}),
     PINION_PASS_MULTICAST},
    {"BroadcastToTheVip", build({.destination_mac = kBroadcast}), PINION_PASS_MULTICAST},
    {"PingToTheVip", build({.protocol = kIcmp, .payload = {8, 0, 0, 0}}),
     PINION_PASS_OTHER_PROTOCOL},
    {"Ping6ToTheVip", ipv6({.protocol = kIcmp6}), PINION_PASS_OTHER_PROTOCOL},
    {"SctpToATcpService", build({.protocol = kSctp}), PINION_PASS_NOT_OURS},
    {"Ipip", build({.protocol = kIpip}), PINION_PASS_OTHER_PROTOCOL},
    {"Esp6", ipv6({.protocol = kEsp}), PINION_PASS_OTHER_PROTOCOL},
    {"NoNextHeader", ipv6({.protocol = kNoNext, .payload = {}}), PINION_PASS_OTHER_PROTOCOL},
    {"Authentication4", build({.protocol = 51}), PINION_PASS_OTHER_PROTOCOL},
    {"SshToTheVip", build({.dport = 22}), PINION_PASS_NOT_OURS},
    {"SshToTheDirector", build({.to = "192.168.146.130", .dport = 22}), PINION_PASS_NOT_OURS},
    {"HttpToTheDirector", build({.to = "192.168.146.130"}), PINION_PASS_NOT_OURS},
    {"UdpToATcpService", build({.protocol = kUdp}), PINION_PASS_NOT_OURS},
    {"TcpToAUdpService", build({.dport = 53}), PINION_PASS_NOT_OURS},
    {"FromTheVip", build({.from = "10.0.0.1", .to = "10.1.0.9", .sport = 80, .dport = 40000}),
     PINION_PASS_NOT_OURS},
    {"SwappedPortBytes", build({.dport = 0x5000}), PINION_PASS_NOT_OURS},
    {"Ssh6ToTheVip", ipv6({.dport = 22}), PINION_PASS_NOT_OURS},
    {"OtherAddress6", ipv6({.to = "2001:db8::2"}), PINION_PASS_NOT_OURS},
    {"Ipv4VipMappedToIpv6", ipv6({.to = "::ffff:10.0.0.1"}), PINION_PASS_NOT_OURS},
    {"FragmentOfSomebodyElses", build({.to = "10.9.9.9", .fragment = 0x2000}),
     PINION_PASS_NOT_OURS},
    {"LaterFragmentOfSomebodyElses", build({.to = "10.9.9.9", .fragment = 0x0010}),
     PINION_PASS_NOT_OURS},
    {"LaterFragmentOfSomebodyElses6",
     ipv6({.to = "2001:db8::2", .extensions = {ipv6_fragment(0x0101)}}), PINION_PASS_NOT_OURS},
    {"FirstFragmentOfAPing", build({.protocol = kIcmp, .fragment = 0x2000, .payload = {8, 0}}),
     PINION_PASS_OTHER_PROTOCOL},
    {"ThreeVlanTags", build({.tags = {kVlan, kVlan, kVlan}}), PINION_PASS_TOO_DEEP},
    {"SevenHeaders", repeated(7, destination_options()), PINION_PASS_TOO_DEEP},
    {"SegmentsLeft", ipv6({.extensions = {routing(1)}}), PINION_PASS_OTHER_PROTOCOL},
    {"SegmentsLeftBehindHeaders", ipv6({.extensions = {hop_by_hop(), routing(255)}}),
     PINION_PASS_OTHER_PROTOCOL},
    {"ArpInAVlan", frame(kOurs, kVlan, {0, 100, 8, 6, 0, 1}), PINION_PASS_NOT_IP},
};

class Passed : public WithDirector, public testing::WithParamInterface<Case> {};

TEST_P(Passed, Untouched) {
  const Case& c = GetParam();
  expect(c.in, c.verdict, c.in);
  expect(c.in, c.verdict, c.in);
  director().each_connection([](pinion_connection&) { ADD_FAILURE() << "a connection was made"; });
  expect_exact_load();
}

INSTANTIATE_TEST_SUITE_P(By, Passed, testing::ValuesIn(kCases),
                         [](const auto& at) { return std::string(at.param.name); });

// A table without entries leaves its family to the stack, and the other family alone.
TEST(WithoutIpv6, IsLeftToTheStack) {
  std::unique_ptr<Director> director;
  try {
    director = std::make_unique<Director>(Features{.groups6 = 0});
  } catch (const std::system_error& error) {
    if (error.code().value() == EPERM) GTEST_SKIP() << "CAP_BPF is missing: " << error.what();
    throw;
  }
  director->reset();
  director->add_server(1, {});
  director->add_service({.slots = {1}});
  director->add_service({.address = "2001:db8::1", .slots = {1}});
  director->run(ipv6({}));
  EXPECT_EQ(director->verdict(PINION_PASS_NOT_OURS), 1u);
  director->run(build({}));
  EXPECT_EQ(director->verdict(PINION_FORWARD_NEW), 1u);
}

}  // namespace
}  // namespace pinion::packet
