// SPDX-License-Identifier: Apache-2.0
#include <functional>

#include "config/check/check.h"
#include "tests/unit/config/fixtures.h"

namespace pinion::config {
namespace {

// A sound configuration with a tunnel; the one line that is to come of it, "" for none.
struct Case {
  std::string name;
  std::function<void(Config&)> change;
  std::string line;

  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
};

class CheckTunnel : public testing::TestWithParam<Case> {};

TEST_P(CheckTunnel, Says) {
  Config config = sound_config();
  GetParam().change(config);
  const std::string lines = all_of(check(config, kVocabulary));
  EXPECT_EQ(lines, GetParam().line.empty() ? "" : GetParam().line + "\n");
}

const Case kCases[] = {
    {"ToTheOtherFamily",
     [](Config& c) {
       c.services[0].forward = Forward::kTunnel;
       c.services[0].servers[0].address = address("fd00::1");
     },
     ""},
    {"ToTheVip",
     [](Config& c) {
       c.services[0].forward = Forward::kTunnel;
       c.services[0].servers[0].address = address("10.0.0.100");
     },
     "services[0].servers[0].address: is the VIP itself; give the server's own address"},
    {"ToAnotherPort",
     [](Config& c) {
       c.services[0].forward = Forward::kTunnel;
       c.services[0].servers[0].port = Port{8080};
     },
     "services[0].servers[0].port: forwarding by tun does not change ports, and packets come for "
     "port 80; leave it out"},
    {"FromTheOtherFamily",
     [](Config& c) {
       c.services[0].forward = Forward::kTunnel;
       c.services[0].tunnel.source = prefix("172.16.0.0/16");
       c.services[0].servers[0].address = address("fd00::1");
     },
     "services[0].servers[0].tunnel.source: 172.16.0.0/16 is not of the family of fd00::1, as the "
     "outer header has to be; give this server a source of its own"},
    {"FromASourceOfTheServersOwn",
     [](Config& c) {
       c.services[0].forward = Forward::kTunnel;
       c.services[0].tunnel.source = prefix("172.16.0.0/16");
       c.services[0].servers[0].address = address("fd00::1");
       c.services[0].servers[0].tunnel.source = prefix("fd00:1::/64");
     },
     ""},
    {"FromLoopback",
     [](Config& c) {
       c.services[0].servers[0].forward = Forward::kTunnel;
       c.services[0].servers[0].tunnel.source = prefix("127.0.0.1");
     },
     "services[0].servers[0].tunnel.source: a loopback address cannot be reached from the network"},
    {"ChecksumWithoutUdp",
     [](Config& c) {
       c.services[0].forward = Forward::kTunnel;
       c.services[0].servers[0].tunnel = {TunnelType::kGre, {}, true, {}};
     },
     "services[0].servers[0].tunnel.checksum: only gue has a checksum of its own; leave it out"},
    {"ChecksumWithoutUdpForAll", [](Config& c) { c.services[0].tunnel.checksum = true; },
     "services[0].tunnel.checksum: only gue has a checksum of its own; leave it out"},
    {"ChecksumOfTheServiceWhereAServerHasNoUdp",
     [](Config& c) {
       c.services[0].forward = Forward::kTunnel;
       c.services[0].tunnel = {TunnelType::kGue, {6080}, true, {}};
       c.services[0].servers[0].tunnel.type = TunnelType::kIpip;
     },
     ""},
    {"SettingsThatNobodyUses",
     [](Config& c) { c.services[0].tunnel.source = prefix("fd00:1::/64"); }, ""},
};

INSTANTIATE_TEST_SUITE_P(All, CheckTunnel, testing::ValuesIn(kCases),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace pinion::config
