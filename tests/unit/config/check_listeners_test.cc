// SPDX-License-Identifier: Apache-2.0
// What services may take packets for, and that no two take the same.
#include <functional>

#include "config/check/check.h"
#include "tests/unit/config/fixtures.h"

namespace pinion::config {
namespace {

// A sound configuration, spoiled; the one line that is to come of it, "" for none.
struct Case {
  std::string name;
  std::function<void(Config&)> spoil;
  std::string line;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class CheckListeners : public testing::TestWithParam<Case> {};

TEST_P(CheckListeners, Says) {
  Config config = sound_config();
  GetParam().spoil(config);
  const std::string lines = all_of(check(config, kVocabulary));
  EXPECT_EQ(lines, GetParam().line.empty() ? "" : GetParam().line + "\n");
}

// Adds a service "web2" with these listeners, on VIPs that somebody keeps.
std::function<void(Config&)> listening(std::vector<std::string> texts) {
  return [texts](Config& c) {
    c.vips.push_back({prefix("10.1.0.0/16"), "eth0", ""});
    c.vips.push_back({prefix("2001:db8::/32"), "eth0", ""});
    Service more;
    more.name = "web2";
    more.servers = {{address("10.0.0.11")}};
    for (const std::string& text : texts) more.listeners.push_back(*parse_listener(text));
    c.services.push_back(more);
  };
}

const Case kListeners[] = {
    {"NoListener", listening({}),
     "services[1]: has no listener; give a VIP and a port, or listeners"},
    {"ListenersInsideEachOther",
     listening({"10.0.0.100:any", "10.0.0.100:1-100", "10.0.0.100:79-81", "10.1.0.0/16:80",
                "10.1.2.0/24:80", "10.1.2.0/24:70-90", "10.1.2.0/24:any", "10.1.2.3:80"}),
     ""},
    {"ListenerTwice", listening({"10.0.0.100:81", "10.0.0.100:80"}),
     "services[1].listeners[1]: 10.0.0.100:80/tcp is services[0] already; give one of the two "
     "another VIP, port or protocol"},
    {"RangeTwice", listening({"10.0.0.100:8000-8100", "10.0.0.100:8000-8100"}),
     "services[1].listeners[1]: 10.0.0.100:8000-8100/tcp is services[1].listeners[0] already; give "
     "one of the two another VIP, port or protocol"},
    {"AnyTwice", listening({"10.1.0.0/16:any/udp", "10.1.0.0/16:any/udp"}),
     "services[1].listeners[1]: 10.1.0.0/16:any/udp is services[1].listeners[0] already; give one "
     "of the two another VIP, port or protocol"},
    {"RangesOverlap", listening({"10.0.0.100:8000-8100", "10.0.0.100:8050-8200"}),
     "services[1].listeners[1]: 10.0.0.100:8050-8200/tcp overlaps services[1].listeners[0], "
     "10.0.0.100:8000-8100/tcp, and neither is inside the other; divide the ports otherwise"},
    {"RangesBesideEachOther", listening({"10.0.0.100:8000-8100", "10.0.0.100:8101-8200"}), ""},
    {"ListenersOfBothFamilies", listening({"10.0.0.100:81", "[2001:db8::1]:81"}),
     "services[1].listeners[1].vip: is not of the first listener's family; make it a service of "
     "its own"},
    {"PrefixWithHostBits", listening({"10.1.2.3/24:80"}),
     "services[1].vip: 10.1.2.3/24 has bits beyond its length: write 10.1.2.0/24 or 10.1.2.3"},
    {"PrefixThatNobodyKeeps", listening({"192.0.2.0/24:80"}),
     "warning: services[1].vip: 192.0.2.0/24 is not in \"vips\": something else must configure it"},
    {"ServerInThePrefix",
     [](Config& c) {
       c.vips.push_back({prefix("10.0.0.0/16"), "eth0", ""});
       c.services[0].listeners[0].vip = prefix("10.0.0.0/16");
       c.services[0].servers.resize(1);
     },
     "services[0].servers[0].address: is one of the VIPs 10.0.0.0/16; give the server's own "
     "address"},
    {"RangeAtAPrefix", listening({"10.1.0.0/16:8000-8255"}), ""},
    {"LongRangeAtAPrefix", listening({"10.1.0.0/16:8000-8256"}),
     "services[1].port: at a prefix a range has at most 256 ports, and 8000-8256 has 257; write "
     "any, or divide it"},
    {"ServerInThePrefixOfVips",
     [](Config& c) {
       c.vips.push_back({prefix("10.0.0.0/27"), "eth0", ""});
       c.services[0].servers.resize(1);
     },
     "services[0].servers[0].address: is in 10.0.0.0/27 of \"vips\", and so the director's "
     "own"},
    {"ServerAtItsOwnPortOfARange",
     [](Config& c) {
       c.services[0].forward = Forward::kNat;
       c.services[0].listeners[0].ports = {80, 90};
       c.services[0].servers[0].port = Port{8080};
     },
     "services[0].servers[0].port: packets come for 80-90, and keep the port that they come for; "
     "leave it out"},
    {"ServerAtItsOwnPortOfTwoListeners",
     [](Config& c) {
       c.services[0].forward = Forward::kNat;
       c.services[0].listeners.push_back({prefix("10.0.0.100"), Ports::one(81)});
       c.services[0].servers[0].port = Port{8080};
     },
     ""},
    {"ServerAtAPortOfARangeByDr",
     [](Config& c) {
       c.services[0].listeners[0].ports = Ports::any();
       c.services[0].servers[0].port = Port{80};
     },
     "services[0].servers[0].port: forwarding by dr does not change ports, and packets come for "
     "several; leave it out"},
    {"ListenersBeyondTheLimit",
     [](Config& c) {
       c.director.limits.services = 1;
       c.services[0].listeners.push_back({prefix("10.0.0.100"), Ports::one(81)});
     },
     "services: 2 listeners at one address and port, but room for only 1; raise "
     "director.limits.services"},
    {"RangesBeyondTheLimit",
     [](Config& c) {
       c.director.limits.prefixes = 3;
       c.services[0].listeners[0].ports = {8000, 8100};
     },
     "services: 4 entries of port ranges (each takes up to 30), but room for only 3; raise "
     "director.limits.prefixes"},
    {"PrefixesOverIpv4",
     [](Config& c) {
       c.vips.push_back({prefix("::8000:0:0/81"), "eth0", ""});
       c.services[0].listeners[0].vip = prefix("::8000:0:0/81");
       c.services[0].servers = {{address("fd00::1")}};
     },
     "services[0].vip: contains the IPv4-mapped addresses, ::ffff:0:0/96"},
};
INSTANTIATE_TEST_SUITE_P(All, CheckListeners, testing::ValuesIn(kListeners),
                         [](const auto& at) { return at.param.name; });

}  // namespace
}  // namespace pinion::config
