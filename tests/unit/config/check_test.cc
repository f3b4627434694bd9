// SPDX-License-Identifier: Apache-2.0
#include "config/check/check.h"

#include <functional>

#include "tests/unit/config/fixtures.h"

namespace pinion::config {
namespace {

using namespace std::chrono_literals;

// A sound configuration, spoiled; the one line that is to come of it, "" for none.
struct Case {
  std::string name;
  std::function<void(Config&)> spoil;
  std::string line;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class Check : public testing::TestWithParam<Case> {};

TEST_P(Check, Says) {
  Config config = sound_config();
  GetParam().spoil(config);
  const std::string lines = all_of(check(config, kVocabulary));
  EXPECT_EQ(lines, GetParam().line.empty() ? "" : GetParam().line + "\n");
}

std::string name_of_case(const testing::TestParamInfo<Case>& info) { return info.param.name; }

Service service(const std::string& name, const std::string& vip, uint16_t port,
                const std::string& server) {
  Service result;
  result.name = name;
  result.listeners = {{prefix(vip), Ports::one(port)}};
  result.servers = {{address(server), 1}};
  return result;
}

const Case kDirector[] = {
    {"IsContent", [](Config&) {}, ""},
    {"InstanceEmpty", [](Config& c) { c.director.instance = ""; },
     "director.instance: expected 1 to 32 letters, digits, \"_\" or \"-\": it names a directory"},
    {"InstanceEscapes", [](Config& c) { c.director.instance = "../x"; },
     "director.instance: expected 1 to 32 letters, digits, \"_\" or \"-\": it names a directory"},
    {"InstanceLong", [](Config& c) { c.director.instance = std::string(33, 'a'); },
     "director.instance: expected 1 to 32 letters, digits, \"_\" or \"-\": it names a directory"},
    {"InstanceOfAllKinds",
     [](Config& c) { c.director.instance = "Edge_1-b" + std::string(24, 'z'); }, ""},
    {"NoInterface", [](Config& c) { c.director.interfaces = {}; },
     "director.interfaces: name at least one interface, such as [eth0]"},
    {"InterfaceTwice",
     [](Config& c) {
       c.director.interfaces = {"eth0", "eth1", "eth0"};
     },
     "director.interfaces[2]: eth0 is given twice"},
    {"InterfaceLong", [](Config& c) { c.director.interfaces = {"sixteenlettersxx"}; },
     "director.interfaces[0]: no interface has a name of more than 15 characters"},
    {"InterfaceDots", [](Config& c) { c.director.interfaces = {".."}; },
     "director.interfaces[0]: no interface can have this name"},
    {"InterfaceColon", [](Config& c) { c.director.interfaces = {"eth0:3"}; },
     "director.interfaces[0]: the name of an interface has no blank, no \"/\" and no \":\""},
    {"Interfaces64",
     [](Config& c) {
       c.director.interfaces = {};
       for (int i = 0; i < 64; ++i) c.director.interfaces.push_back("eth" + std::to_string(i));
     },
     ""},
    {"Interfaces65",
     [](Config& c) {
       for (int i = 1; i < 65; ++i) c.director.interfaces.push_back("eth" + std::to_string(i));
     },
     "director.interfaces: at most 64 interfaces, got 65"},
    {"ConnectionsFew", [](Config& c) { c.director.connections.ipv4 = 1023; },
     "director.connections.ipv4: expected 1K to 1G connections, or 0 to switch the family off, got "
     "1023"},
    {"ConnectionsMany", [](Config& c) { c.director.connections.ipv6 = (1 << 30) + 1; },
     "director.connections.ipv6: expected 1K to 1G connections, or 0 to switch the family off, got "
     "1073741825"},
    {"ConnectionsAtTheEdges",
     [](Config& c) {
       c.director.connections = {1 << 30, 1024};
     },
     ""},
    {"FamilyOff", [](Config& c) { c.director.connections.ipv6 = 0; }, ""},
    {"FamilyOffInUse", [](Config& c) { c.director.connections.ipv4 = 0; },
     "services[0].vip: its family is switched off; give director.connections.ipv4 a capacity"},
    {"BothFamiliesOff",
     [](Config& c) {
       c.director.connections = {0, 0};
       c.services = {};
     },
     "director.connections: both families are switched off; give one a capacity"},
    {"TimeoutShort", [](Config& c) { c.director.timeouts.syn = 999ms; },
     "director.timeouts.syn: expected 1s to 24h, got 999ms"},
    {"TimeoutLong", [](Config& c) { c.director.timeouts.established = 24h + 1ms; },
     "director.timeouts.established: expected 1s to 24h, got 86400001ms"},
    {"TimeoutsAtTheEdges",
     [](Config& c) {
       c.director.timeouts = {1s, 24h, 1s, 24h, 1s};
     },
     ""},
    {"TimeoutFin", [](Config& c) { c.director.timeouts.fin = 0s; },
     "director.timeouts.fin: expected 1s to 24h, got 0s"},
    {"TimeoutClosed", [](Config& c) { c.director.timeouts.closed = 0s; },
     "director.timeouts.closed: expected 1s to 24h, got 0s"},
    {"TimeoutUdp", [](Config& c) { c.director.timeouts.udp = 0s; },
     "director.timeouts.udp: expected 1s to 24h, got 0s"},
    {"LimitServices", [](Config& c) { c.director.limits.services = (1 << 20) + 1; },
     "director.limits.services: expected 1 to 1M, got 1048577"},
    {"LimitServers", [](Config& c) { c.director.limits.servers = (1 << 24) + 1; },
     "director.limits.servers: expected 1 to 16M, got 16777217"},
    {"LimitSlots", [](Config& c) { c.director.limits.slots = 0; },
     "director.limits.slots: expected 1 to 256M, got 0"},
    {"SocketRelative", [](Config& c) { c.director.control.socket = "pinion.sock"; },
     "director.control.socket: expected the absolute path of a socket"},
    {"SocketLong", [](Config& c) { c.director.control.socket = "/" + std::string(107, 's'); },
     "director.control.socket: a socket's path has at most 107 bytes, got 108"},
    {"SocketLongest", [](Config& c) { c.director.control.socket = "/" + std::string(106, 's'); },
     ""},
    {"GroupBlank", [](Config& c) { c.director.control.group = "a b"; },
     "director.control.group: expected the name or number of a group"},
    {"ModeLarge", [](Config& c) { c.director.control.mode = 01777; },
     "director.control.mode: expected permissions from \"0\" to \"0777\""},
    {"MetricsOff", [](Config& c) { c.director.metrics.listen = ""; }, ""},
    {"MetricsIpv6", [](Config& c) { c.director.metrics.listen = "[::]:9107"; }, ""},
    {"MetricsWithoutAddress", [](Config& c) { c.director.metrics.listen = ":9107"; },
     "director.metrics.listen: expected an address and a port such as 127.0.0.1:9107 or "
     "[::1]:9107, or \"\" to serve no metrics"},
    {"MetricsWithoutPort", [](Config& c) { c.director.metrics.listen = "127.0.0.1:0"; },
     "director.metrics.listen: expected an address and a port such as 127.0.0.1:9107 or "
     "[::1]:9107, or \"\" to serve no metrics"},
};
INSTANTIATE_TEST_SUITE_P(Director, Check, testing::ValuesIn(kDirector), name_of_case);

const Case kAddresses[] = {
    {"VipsOfAPrefix",
     [](Config& c) {
       c.vips.push_back({prefix("192.0.2.0/28"), "eth0", ""});
     },
     ""},
    {"VipsWithHostBits",
     [](Config& c) {
       c.vips.push_back({prefix("192.0.2.1/28"), "eth0", ""});
     },
     "vips[1].address: 192.0.2.1/28 has bits beyond its length: write 192.0.2.0/28 or 192.0.2.1"},
    {"VipsOfEverything",
     [](Config& c) {
       c.services = {};
       c.vips.push_back({prefix("0.0.0.0/0"), "eth0", ""});
     },
     "vips[1].address: the unspecified address is not a host's"},
    {"LabelOnAPrefix",
     [](Config& c) {
       c.vips.push_back({prefix("192.0.2.0/28"), "eth0", "1"});
     },
     "warning: vips[1].label: has no effect: a prefix is a route, and has no label"},
    {"VipTwice", [](Config& c) { c.vips.push_back(c.vips[0]); },
     "vips[1].address: 10.0.0.100 is given twice"},
    {"VipMulticast",
     [](Config& c) {
       c.vips.push_back({prefix("ff02::1"), "eth0", ""});
     },
     "vips[1].address: a multicast address is not a host's"},
    {"VipWithoutInterface", [](Config& c) { c.vips[0].interface = ""; },
     "vips[0].interface: the name of an interface is missing"},
    {"LabelLongest", [](Config& c) { c.vips[0].label = "0123456789"; }, ""},
    {"LabelLong", [](Config& c) { c.vips[0].label = "0123456789a"; },
     "vips[0].label: eth0:0123456789a is longer than 15 characters, which is all a label may "
     "have"},
    {"LabelColon", [](Config& c) { c.vips[0].label = "a:b"; },
     "vips[0].label: expected letters, digits, \"_\", \".\" or \"-\""},
    {"LabelOnIpv6",
     [](Config& c) {
       c.vips.push_back({prefix("fd00::1"), "eth0", "1"});
     },
     "warning: vips[1].label: has no effect: IPv6 addresses have no labels"},
    {"RouteViaGateway",
     [](Config& c) {
       c.host_routes = {{prefix("10.9.0.0/16"), address("10.0.0.1"), "", 0}};
     },
     ""},
    {"RouteDefault",
     [](Config& c) {
       c.host_routes = {{prefix("0.0.0.0/0"), address("10.0.0.1"), "", 0}};
     },
     ""},
    {"RouteByInterface",
     [](Config& c) {
       c.host_routes = {{prefix("fd01::/64"), {}, "eth0", 0}};
     },
     ""},
    {"RouteNowhere",
     [](Config& c) {
       c.host_routes = {{prefix("10.9.0.1"), {}, "", 0}};
     },
     "host_routes[0]: needs \"via\" or \"interface\""},
    {"RouteHostBits",
     [](Config& c) {
       c.host_routes = {{prefix("10.9.8.7/12"), {}, "eth0", 0}};
     },
     "host_routes[0].to: 10.9.8.7/12 has bits beyond its length: write 10.0.0.0/12 or 10.9.8.7"},
    {"RouteHostBits6",
     [](Config& c) {
       c.host_routes = {{prefix("fd01::8001/113"), {}, "eth0", 0}};
     },
     "host_routes[0].to: fd01::8001/113 has bits beyond its length: write fd01::8000/113 or "
     "fd01::8001"},
    {"RouteFamilies",
     [](Config& c) {
       c.host_routes = {{prefix("10.9.0.1"), address("fd00::1"), "", 0}};
     },
     "host_routes[0].via: is not of the same family as 10.9.0.1/32"},
    {"RouteViaMulticast",
     [](Config& c) {
       c.host_routes = {{prefix("10.9.0.1"), address("224.0.0.1"), "", 0}};
     },
     "host_routes[0].via: a multicast address is not a host's"},
    {"RouteLinkLocal",
     [](Config& c) {
       c.host_routes = {{prefix("fd01::1"), address("fe80::1"), "", 0}};
     },
     "host_routes[0].via: a link-local address also needs \"interface\""},
    {"RouteToLoopback",
     [](Config& c) {
       c.host_routes = {{prefix("127.0.0.0/8"), {}, "eth0", 0}};
     },
     "host_routes[0].to: expected a unicast destination, neither multicast nor loopback"},
    {"RouteTwice",
     [](Config& c) {
       c.host_routes = {{prefix("10.9.0.1"), {}, "eth0", 5}, {prefix("10.9.0.1"), {}, "eth1", 5}};
     },
     "host_routes[1].to: 10.9.0.1/32 has the same \"metric\" in host_routes[0]"},
    {"RouteTwiceByMetric",
     [](Config& c) {
       c.host_routes = {{prefix("10.9.0.1"), {}, "eth0", 5}, {prefix("10.9.0.1"), {}, "eth1", 6}};
     },
     ""},
};
INSTANTIATE_TEST_SUITE_P(Addresses, Check, testing::ValuesIn(kAddresses), name_of_case);

const Case kServices[] = {
    {"NameEmpty", [](Config& c) { c.services[0].name = ""; },
     "services[0].name: expected 1 to 63 letters, digits, \".\", \"_\", \":\", \"/\" or \"-\", got "
     "\"\""},
    {"NameBlank", [](Config& c) { c.services[0].name = "a b"; },
     "services[0].name: expected 1 to 63 letters, digits, \".\", \"_\", \":\", \"/\" or \"-\", got "
     "\"a b\""},
    {"NameLong", [](Config& c) { c.services[0].name = std::string(64, 'n'); },
     "services[0].name: expected 1 to 63 letters, digits, \".\", \"_\", \":\", \"/\" or \"-\", got "
     "\"" +
         std::string(60, 'n') + "...\""},
    {"NameOfAllKinds", [](Config& c) { c.services[0].name = "a.Z_0:/-" + std::string(55, 'n'); },
     ""},
    {"NameDefault6",
     [](Config& c) {
       c.vips.push_back({prefix("fd00::1"), "eth0", ""});
       c.services.push_back(service("[fd00::1]:80/tcp", "fd00::1", 80, "fd00::2"));
     },
     ""},
    {"NameTwice",
     [](Config& c) { c.services.push_back(service("web", "10.0.0.100", 81, "10.0.0.1")); },
     "services[1].name: \"web\" is the name of services[0] already"},
    {"ServiceTwice",
     [](Config& c) { c.services.push_back(service("web2", "10.0.0.100", 80, "10.0.0.1")); },
     "services[1]: 10.0.0.100:80/tcp is services[0] already; give one of the two another VIP, "
     "port or protocol"},
    {"ServiceTwiceWithoutNames",
     [](Config& c) {
       c.services[0].name = "10.0.0.100:80/tcp";
       c.services.push_back(c.services[0]);
     },
     "services[1]: 10.0.0.100:80/tcp is services[0] already; give one of the two another VIP, "
     "port or protocol"},
    {"ServiceOfAnotherProtocol",
     [](Config& c) {
       c.services.push_back(service("web2", "10.0.0.100", 80, "10.0.0.1"));
       c.services[1].listeners[0].protocol = Protocol::kUdp;
     },
     ""},
    {"VipNotKept", [](Config& c) { c.vips = {}; },
     "warning: services[0].vip: 10.0.0.100 is not in \"vips\": something else must configure it"},
    {"PortZero", [](Config& c) { c.services[0].listeners[0].ports = {}; },
     "services[0].port: expected a port from 1 to 65535, got 0"},
    {"SchedulerMistyped", [](Config& c) { c.services[0].scheduler = "wwrr"; },
     "services[0].scheduler: no scheduler \"wwrr\"; did you mean \"wrr\"? The schedulers are rr, "
     "wrr, mh"},
    {"SchedulerUnknown", [](Config& c) { c.services[0].scheduler = "lblcr"; },
     "services[0].scheduler: no scheduler \"lblcr\"; the schedulers are rr, wrr, mh"},
    {"NoServers", [](Config& c) { c.services[0].servers = {}; },
     "warning: services[0].servers: has no server: its traffic is dropped"},
    {"WeightZero", [](Config& c) { c.services[0].servers[0].weight = 0; }, ""},
    {"WeightLarge", [](Config& c) { c.services[0].servers[1].weight = 65536; },
     "services[0].servers[1].weight: expected an integer from 0 to 65535, got 65536"},
    {"ServerTwice",
     [](Config& c) {
       c.services[0].servers.push_back({address("10.0.0.12"), 7});
     },
     "services[0].servers[2].address: 10.0.0.12 is services[0].servers[1] already"},
    {"ServerOfTwoServices",
     [](Config& c) { c.services.push_back(service("web2", "10.0.0.100", 81, "10.0.0.11")); }, ""},
    {"ServerIsTheVip", [](Config& c) { c.services[0].servers[0].address = address("10.0.0.100"); },
     "services[0].servers[0].address: is the VIP itself; give the server's own address"},
    {"ServerUnspecified", [](Config& c) { c.services[0].servers[0].address = address("0.0.0.0"); },
     "services[0].servers[0].address: the unspecified address is not a host's"},
    {"ServerLoopback", [](Config& c) { c.services[0].servers[0].address = address("127.0.0.2"); },
     "services[0].servers[0].address: a loopback address cannot be reached from the network"},
    {"ServerLocal",
     [](Config& c) {
       c.services[0].servers = {{address("127.0.0.1"), 1, {}, Forward::kLocal},
                                {address("10.0.0.100"), 1, Port{80}, Forward::kLocal}};
     },
     ""},
    {"ServerLocalByItsService",
     [](Config& c) {
       c.services[0].forward = Forward::kLocal;
       c.services[0].servers[0].address = address("127.0.0.1");
     },
     ""},
    {"ServerLocalOfTheOtherFamily",
     [](Config& c) {
       c.services[0].servers[0] = {address("::1"), 1, {}, Forward::kLocal};
     },
     "services[0].servers[0].address: is not of the same family as the VIP 10.0.0.100, which "
     "forwarding by local needs"},
    {"ServerAtAnotherPort", [](Config& c) { c.services[0].servers[0].port = Port{8080}; },
     "services[0].servers[0].port: forwarding by dr does not change ports, and packets come for "
     "port 80; leave it out"},
    {"ServersByNatAtOneAddress",
     [](Config& c) {
       c.services[0].forward = Forward::kNat;
       c.services[0].servers = {{address("10.0.0.11"), 1, Port{8080}},
                                {address("10.0.0.11"), 1, Port{8081}},
                                {address("10.0.0.11")}};
     },
     ""},
    {"ServerTwiceByItsPort",
     [](Config& c) {
       c.services[0].servers = {{address("10.0.0.11")}, {address("10.0.0.11"), 1, Port{80}}};
     },
     "services[0].servers[1].address: 10.0.0.11:80 is services[0].servers[0] already"},
    {"ServerOfTheOtherFamily",
     [](Config& c) { c.services[0].servers[0].address = address("fd00::1"); },
     "services[0].servers[0].address: is not of the same family as the VIP 10.0.0.100, which "
     "forwarding by dr needs; forward by tun"},
    {"ServicesBeyondTheLimit",
     [](Config& c) {
       c.director.limits.services = 1;
       c.services.push_back(service("web2", "10.0.0.100", 81, "10.0.0.1"));
     },
     "services: 2 services, but room for only 1; raise director.limits.services"},
    {"ServersBeyondTheLimit", [](Config& c) { c.director.limits.servers = 1; },
     "services: 2 servers in all, but room for only 1; raise director.limits.servers"},
    {"ServersAtTheLimit", [](Config& c) { c.director.limits.servers = 2; }, ""},
};
INSTANTIATE_TEST_SUITE_P(Services, Check, testing::ValuesIn(kServices), name_of_case);

class VipAddress : public testing::TestWithParam<const char*> {};

TEST_P(VipAddress, IsRefused) {
  Config config = sound_config();
  config.services.push_back(service("odd", GetParam(), 80, "10.0.0.1"));
  config.services.back().servers = {};
  const std::string lines = all_of(check(config, kVocabulary));
  EXPECT_THAT(lines, testing::StartsWith("services[1].vip: ")) << lines;
}

INSTANTIATE_TEST_SUITE_P(All, VipAddress,
                         testing::Values("0.0.0.0", "::", "224.0.0.1", "239.1.2.3", "ff02::1",
                                         "127.0.0.1", "::1"));

TEST(CheckAll, FindsEveryDuplicateAmongMany) {
  Config config = sound_config();
  config.director.limits.servers = 1 << 20;
  std::vector<Server>& servers = config.services[0].servers;
  servers.clear();
  for (int i = 0; i < 5000; ++i)
    servers.push_back({Address::from_v4(htonl(0x0a010000u + static_cast<uint32_t>(i % 4000))), 1});
  const auto problems = check(config, kVocabulary);
  ASSERT_EQ(problems.size(), 1000u);
  EXPECT_EQ(problems[0].path, "services[0].servers[4000].address");
  EXPECT_EQ(problems[999].what, "10.1.3.231 is services[0].servers[999] already");
}

}  // namespace
}  // namespace pinion::config
