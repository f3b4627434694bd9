// SPDX-License-Identifier: Apache-2.0
#include <functional>

#include "config/check/check.h"
#include "tests/unit/config/fixtures.h"

namespace pinion::config {
namespace {

// A sound configuration with a local address; the lines that are to come of it.
struct Case {
  std::string name;
  std::function<void(Service&)> change;
  std::string lines;

  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
};

class CheckClientAddress : public testing::TestWithParam<Case> {};

TEST_P(CheckClientAddress, Says) {
  Config config = sound_config();
  config.director.local_addresses = {{address("10.0.0.200"), "eth0"}};
  config.services[0].servers.resize(1);
  GetParam().change(config.services[0]);
  EXPECT_EQ(all_of(check(config, kVocabulary)), GetParam().lines);
}

void by(Service& service, Forward forward) {
  service.forward = forward;
  service.client_address = ClientAddress::kProxy;
}

const Case kCases[] = {
    {"ByFullNat", [](Service& s) { by(s, Forward::kFullNat); }, ""},
    {"ByDirectRouting", [](Service& s) { by(s, Forward::kDirectRouting); },
     "services[0].servers[0].client_address: is for forward: fullnat; by dr the server sees the "
     "client's address itself; set client_address: none here\n"},
    {"ByNat", [](Service& s) { by(s, Forward::kNat); },
     "services[0].servers[0].client_address: is for forward: fullnat; by nat the server sees the "
     "client's address itself; set client_address: none here\n"},
    {"ByTunnelOnItsOwn",
     [](Service& s) {
       s.servers[0].forward = Forward::kTunnel;
       s.servers[0].client_address = ClientAddress::kToa;
     },
     "services[0].servers[0].client_address: is for forward: fullnat; by tun the server sees the "
     "client's address itself; leave it out\n"},
    {"ByLocalAndNotTold",
     [](Service& s) {
       by(s, Forward::kFullNat);
       s.servers[0].forward = Forward::kLocal;
       s.servers[0].client_address = ClientAddress::kNone;
     },
     ""},
    {"OneOfTheServers",
     [](Service& s) {
       s.servers[0].forward = Forward::kFullNat;
       s.servers[0].client_address = ClientAddress::kToa;
     },
     ""},
    {"WithoutServers",
     [](Service& s) {
       by(s, Forward::kDirectRouting);
       s.servers.clear();
     },
     "warning: services[0].servers: has no server: its traffic is dropped\n"
     "services[0].client_address: is for forward: fullnat; by dr the server sees the client's "
     "address itself; leave it out\n"},
    {"Udp",
     [](Service& s) {
       by(s, Forward::kFullNat);
       s.listeners.push_back(s.listeners[0]);
       s.listeners[1].protocol = Protocol::kUdp;
     },
     "services[0].client_address: is for TCP, and packets come for 10.0.0.100:80/udp as well; give "
     "that a service of its own\n"},
};

INSTANTIATE_TEST_SUITE_P(All, CheckClientAddress, testing::ValuesIn(kCases),
                         [](const auto& at) { return at.param.name; });

}  // namespace
}  // namespace pinion::config
