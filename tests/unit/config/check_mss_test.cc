// SPDX-License-Identifier: Apache-2.0
#include <functional>

#include "config/check/check.h"
#include "tests/unit/config/fixtures.h"

namespace pinion::config {
namespace {

// A sound configuration by NAT; the lines that are to come of it.
struct Case {
  std::string name;
  std::function<void(Service&)> change;
  std::string lines;

  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
};

class CheckMss : public testing::TestWithParam<Case> {};

TEST_P(CheckMss, Says) {
  Config config = sound_config();
  config.services[0].forward = Forward::kNat;
  config.services[0].mss = kMssAuto;
  GetParam().change(config.services[0]);
  EXPECT_EQ(all_of(check(config, kVocabulary)), GetParam().lines);
}

const Case kCases[] = {
    {"ByNat", [](Service&) {}, ""},
    {"OneByDirectRouting", [](Service& s) { s.servers[1].forward = Forward::kDirectRouting; },
     "services[0].mss: is for forward: nat and fullnat; server 10.0.0.12 gets packets by another "
     "method, whose SYN/ACK does not pass the director; let the server lower its own (ip route ... "
     "advmss)\n"},
    {"OffByDirectRouting",
     [](Service& s) {
       s.forward = Forward::kDirectRouting;
       s.mss = kMssOff;
     },
     ""},
    {"WithoutServers",
     [](Service& s) {
       s.forward = Forward::kTunnel;
       s.servers.clear();
     },
     "warning: services[0].servers: has no server: its traffic is dropped\n"
     "services[0].mss: is for forward: nat and fullnat, and this is another method, whose SYN/ACK "
     "does not pass the director; let the server lower its own (ip route ... advmss)\n"},
    {"Udp", [](Service& s) { s.listeners[0].protocol = Protocol::kUdp; },
     "services[0].mss: is for TCP, and the service has no TCP listener; leave it out\n"},
};

INSTANTIATE_TEST_SUITE_P(All, CheckMss, testing::ValuesIn(kCases),
                         [](const auto& at) { return at.param.name; });

}  // namespace
}  // namespace pinion::config
