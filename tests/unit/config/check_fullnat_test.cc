// SPDX-License-Identifier: Apache-2.0
#include <functional>

#include "config/check/check.h"
#include "tests/unit/config/fixtures.h"

namespace pinion::config {
namespace {

// A sound configuration with a local address; the one line that is to come of it, "" for none.
struct Case {
  std::string name;
  std::function<void(Config&)> change;
  std::string line;

  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
};

class CheckFullNat : public testing::TestWithParam<Case> {};

TEST_P(CheckFullNat, Says) {
  Config config = sound_config();
  config.director.local_addresses = {{address("10.0.0.200"), "eth0"}};
  GetParam().change(config);
  const std::string lines = all_of(check(config, kVocabulary));
  EXPECT_EQ(lines, GetParam().line.empty() ? "" : GetParam().line + "\n");
}

const Case kCases[] = {
    {"Unused", [](Config&) {}, ""},
    {"ToAnotherPort",
     [](Config& c) {
       c.services[0].servers = {{address("10.0.0.11"), 1, Port{8080}, Forward::kFullNat}};
     },
     ""},
    {"ServerWithoutAnAddressOfItsFamily",
     [](Config& c) {
       c.director.local_addresses = {{address("fd00::200"), "eth0"}};
       c.services[0].servers[1].forward = Forward::kFullNat;
     },
     "services[0].servers[1]: forwarding by fullnat needs an IPv4 address to send from; add one to "
     "director.local_addresses"},
    {"ServiceWithoutAnyAddress",
     [](Config& c) {
       c.director.local_addresses = {};
       c.services[0].forward = Forward::kFullNat;
     },
     "services[0].servers[0]: forwarding by fullnat needs an IPv4 address to send from; add one to "
     "director.local_addresses"},
    {"ToTheOtherFamily",
     [](Config& c) {
       c.services[0].servers[0] = {address("fd00::11"), 1, {}, Forward::kFullNat};
     },
     "services[0].servers[0].address: is not of the same family as the VIP 10.0.0.100, which "
     "forwarding by fullnat needs; forward by tun"},
    {"FromIpv6ToIpv4",
     [](Config& c) {
       c.vips[0].address = c.services[0].listeners[0].vip = {address("fd00::100"), 128};
       c.services[0].servers = {{address("10.0.0.11"), 1, {}, Forward::kFullNat}};
     },
     ""},
    {"FromIpv6ToIpv4WithoutItsAddress",
     [](Config& c) {
       c.vips[0].address = c.services[0].listeners[0].vip = {address("fd00::100"), 128};
       c.services[0].servers = {{address("10.0.0.11"), 1, {}, Forward::kFullNat}};
       c.director.local_addresses = {{address("fd00::7"), "eth0"}};
     },
     "services[0].servers[0]: forwarding by fullnat needs an IPv4 address to send from; add one to "
     "director.local_addresses"},
    {"FromIpv6ToBoth",
     [](Config& c) {
       c.vips[0].address = c.services[0].listeners[0].vip = {address("fd00::100"), 128};
       c.services[0].forward = Forward::kFullNat;
       c.services[0].servers = {{address("10.0.0.11")}, {address("fd00::11")}};
     },
     "services[0].servers[1]: forwarding by fullnat needs an IPv6 address to send from; add one to "
     "director.local_addresses"},
    {"FromIpv6ToIpv4ByNat",
     [](Config& c) {
       c.vips[0].address = c.services[0].listeners[0].vip = {address("fd00::100"), 128};
       c.services[0].servers = {{address("10.0.0.11"), 1, {}, Forward::kNat}};
     },
     "services[0].servers[0].address: is not of the same family as the VIP fd00::100, which "
     "forwarding by nat needs; forward by fullnat or tun"},
    {"FromAKeptVip",
     [](Config& c) { c.director.local_addresses[0].address = address("10.0.0.100"); },
     "director.local_addresses[0].address: 10.0.0.100 is a VIP; give an address of its own"},
    {"FromAServicesVip",
     [](Config& c) {
       c.services[0].listeners[0].vip = c.vips[0].address = {address("10.0.0.101"), 32};
       c.director.local_addresses[0].address = address("10.0.0.101");
     },
     "director.local_addresses[0].address: 10.0.0.101 is a VIP; give an address of its own"},
    {"FromMulticast",
     [](Config& c) { c.director.local_addresses[0].address = address("224.0.0.1"); },
     "director.local_addresses[0].address: a multicast address is not a host's"},
    {"Twice",
     [](Config& c) {
       c.director.local_addresses.push_back({address("10.0.0.200"), "eth1"});
     },
     "director.local_addresses[1].address: 10.0.0.200 is given twice"},
    {"OnNoInterface", [](Config& c) { c.director.local_addresses[0].interface = "a/b"; },
     "director.local_addresses[0].interface: the name of an interface has no blank, no \"/\" and "
     "no "
     "\":\""},
    {"TooMany",
     [](Config& c) {
       for (uint32_t i = 0; i < 255; ++i)
         c.director.local_addresses.push_back({Address::from_v4(htonl(0x0a010000u + i)), "eth0"});
     },
     "director.local_addresses: at most 255 addresses, got 256"},
};

INSTANTIATE_TEST_SUITE_P(All, CheckFullNat, testing::ValuesIn(kCases),
                         [](const auto& at) { return at.param.name; });

}  // namespace
}  // namespace pinion::config
