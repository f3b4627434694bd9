// SPDX-License-Identifier: Apache-2.0
#include "config/yaml/load.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "tests/unit/config/fixtures.h"

namespace pinion::config {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

Loaded load(const std::string& text) { return config::load(text, "pinion.yaml", kVocabulary); }

const std::string kSound =
    "director: {interfaces: [eth0]}\n"
    "vips: [{address: 10.0.0.100, interface: eth0}]\n";

TEST(Load, ReadsEveryKey) {
  const Loaded loaded = load(R"(
director:
  instance: edge-1
  interfaces: [eth0, eth1]
  xdp: native
  connections: {ipv4: 2M, ipv6: 4096}
  timeouts: {syn: 10s, established: 1h, fin: 90s, closed: 1500ms, time_wait: 3m, udp: 1m}
  limits: {services: 8K, servers: 32K, slots: 8M}
  control: {socket: /run/p.sock, group: adm, mode: "0600"}
  metrics: {listen: "[::1]:9107"}
  on_stop: keep
  local_addresses: [{address: 10.0.0.200, interface: eth1}]
vips:
  - {address: 10.0.0.100/32, interface: eth0, label: 3}
host_routes:
  - {to: 10.9.0.0/16, via: 10.0.0.1, dev: eth1, metric: 7}
services:
  - name: web
    vip: 10.0.0.100
    port: 80
    protocol: udp
    scheduler: rr
    forward: dr
    tunnel: {type: gue, port: 7000, checksum: true, source: 172.16.0.0/16}
    servers:
    - {address: 10.0.0.11, weight: 0}
    - address: 10.0.0.12
      forward: tun
      tunnel: {type: gre, port: 6081, checksum: false, source: "172.17.0.1"}
  - name: told
    vip: 10.0.0.100
    port: 81
    forward: fullnat
    client_address: toa
    mss: 1400
    servers: [{address: 10.0.0.13, client_address: proxy}]
)");
  ASSERT_EQ(all_of(loaded.problems), "");
  Config expected;
  expected.director = {"edge-1",
                       {"eth0", "eth1"},
                       XdpMode::kNative,
                       {2 << 20, 4096},
                       {10s, 1h, 90s, 1500ms, 3min, 1min},
                       {8 << 10, 32 << 10, 8 << 20},
                       {"/run/p.sock", "adm", 0600},
                       {"[::1]:9107"},
                       OnStop::kKeep,
                       {{address("10.0.0.200"), "eth1"}}};
  expected.vips = {{prefix("10.0.0.100/32"), "eth0", "3"}};
  expected.host_routes = {{prefix("10.9.0.0/16"), address("10.0.0.1"), "eth1", 7}};
  expected.services = {{"web",
                        {{prefix("10.0.0.100"), Ports::one(80), Protocol::kUdp}},
                        "rr",
                        Forward::kDirectRouting,
                        Return::kLastHop,
                        {TunnelType::kGue, {7000}, true, prefix("172.16.0.0/16")},
                        ClientAddress::kNone,
                        kMssOff,
                        {{address("10.0.0.11"), 0},
                         {address("10.0.0.12"),
                          1,
                          {},
                          Forward::kTunnel,
                          {TunnelType::kGre, Port{6081}, false, prefix("172.17.0.1/32")}}}},
                       {"told",
                        {{prefix("10.0.0.100"), Ports::one(81)}},
                        "mh",
                        Forward::kFullNat,
                        Return::kLastHop,
                        {},
                        ClientAddress::kToa,
                        1400,
                        {{address("10.0.0.13"), 1, {}, {}, {}, ClientAddress::kProxy}}}};
  EXPECT_TRUE(loaded.config == expected);
}

TEST(Load, NamesServicesThatHaveNoName) {
  const Loaded loaded = load(kSound +
                             "services:\n"
                             "- {vip: 10.0.0.100, port: 80, servers: [{address: 10.0.0.1}]}\n"
                             "- {vip: fd00::1, port: 53, protocol: udp}\n");
  ASSERT_TRUE(loaded.ok()) << loaded.errors();
  EXPECT_EQ(loaded.config.services[0].name, "10.0.0.100:80/tcp");
  EXPECT_EQ(loaded.config.services[1].name, "[fd00::1]:53/udp");
}

TEST(Load, TakesNothingAsAnEmptyListOrMapping) {
  const Loaded loaded =
      load("director: {interfaces: [eth0], timeouts: }\nvips:\nservices: ~\nhost_routes: []\n");
  EXPECT_EQ(all_of(loaded.problems), "");
}

struct Mode {
  std::string text;
  uint32_t mode;
};
class FileMode : public testing::TestWithParam<Mode> {};

TEST_P(FileMode, IsOctalHoweverItIsWritten) {
  const Loaded loaded =
      load("director: {interfaces: [eth0], control: {mode: " + GetParam().text + "}}\n");
  ASSERT_TRUE(loaded.ok()) << loaded.errors();
  EXPECT_EQ(loaded.config.director.control.mode, GetParam().mode);
}

INSTANTIATE_TEST_SUITE_P(All, FileMode,
                         testing::Values(Mode{"\"0660\"", 0660}, Mode{"0660", 0660},
                                         Mode{"660", 0660}, Mode{"0o640", 0640}, Mode{"'0'", 0}));

// One fault each: the line, without its "pinion.yaml:".
struct Fault {
  std::string text;
  std::string line;
};
class FaultyText : public testing::TestWithParam<Fault> {};

TEST_P(FaultyText, IsReportedWhereItIs) {
  const Loaded loaded = load(kSound + GetParam().text);
  EXPECT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.errors(), "pinion.yaml:" + GetParam().line);
}

const std::string kService = "services:\n- vip: 10.0.0.100\n  port: 80\n";

INSTANTIATE_TEST_SUITE_P(
    Values, FaultyText,
    testing::Values(
        Fault{kService + "  servers: [{address: 10.0.0.1, weight: ten}]\n",
              "6:41: services[0].servers[0].weight: expected an integer from 0 to 65535, got "
              "\"ten\""},
        Fault{kService + "  servers: [{address: 10.0.0.1, weight: 65536}]\n",
              "6:41: services[0].servers[0].weight: expected an integer from 0 to 65535, got "
              "\"65536\""},
        Fault{kService + "  servers: [{address: 10.0.0.1, weight: -1}]\n",
              "6:41: services[0].servers[0].weight: expected an integer from 0 to 65535, got "
              "\"-1\""},
        Fault{kService + "  servers: [{address: 10.0.0.1, weight: 1.0}]\n",
              "6:41: services[0].servers[0].weight: expected an integer from 0 to 65535, got "
              "\"1.0\""},
        Fault{kService + "  servers: [{address: 10.0.0.1, weight: }]\n",
              "6:41: services[0].servers[0].weight: expected an integer from 0 to 65535, got "
              "nothing"},
        Fault{kService + "  servers: [{address: 10.0.0.1:80}]\n",
              "6:23: services[0].servers[0].address: expected an IPv4 or IPv6 address, got "
              "\"10.0.0.1:80\"; leave out the port"},
        Fault{kService + "  servers: [{address: 10.0.0.1/24}]\n",
              "6:23: services[0].servers[0].address: expected an IPv4 or IPv6 address, got "
              "\"10.0.0.1/24\"; leave out the length"},
        Fault{
            kService + "  protocol: tpc\n",
            "6:13: services[0].protocol: expected one of tcp, udp, sctp, got \"tpc\"; did you mean "
            "\"tcp\"?"},
        Fault{kService + "  forward: snat\n",
              "6:12: services[0].forward: expected one of dr, nat, local, tun, fullnat, got "
              "\"snat\"; did you mean \"nat\"?"},
        Fault{kService + "  name: \"\"\n",
              "6:9: services[0].name: expected text that is not empty, got \"\""},
        Fault{"services: [{vip: 10.0.0.100, port: 65536}]\n",
              "3:36: services[0].port: expected a port from 1 to 65535, a range such as 8000-8100, "
              "or any, got \"65536\""},
        Fault{"services: [{vip: 10.0.0.100, port: 0}]\n",
              "3:36: services[0].port: expected a port from 1 to 65535, a range such as 8000-8100, "
              "or any, got \"0\""},
        Fault{"services: [{vip: 10.0.0.100, port: [80]}]\n",
              "3:36: services[0].port: expected a port from 1 to 65535, a range such as 8000-8100, "
              "or any, got a list"},
        Fault{"host_routes: [{to: 10.0.0.0/33, interface: eth0}]\n",
              "3:20: host_routes[0].to: expected an address or prefix such as 10.0.0.0/8 or "
              "fd00::1, got \"10.0.0.0/33\""}));

INSTANTIATE_TEST_SUITE_P(
    Keys, FaultyText,
    testing::Values(
        Fault{kService + "  servers: [{address: 10.0.0.1, wieght: 2}]\n",
              "6:33: services[0].servers[0].wieght: unknown key; did you mean \"weight\"?"},
        Fault{"service: []\n", "3:1: service: unknown key; did you mean \"services\"?"},
        Fault{"zone: 1\n",
              "3:1: zone: unknown key; the keys here are director, vips, host_routes, services"},
        Fault{"<<: {}\n",
              "3:1: \"<<\": unknown key; the keys here are director, vips, host_routes, services"},
        Fault{"vips: []\n", "3:1: vips: is given twice"},
        Fault{kService + "  port: 81\n", "6:3: services[0].port: is given twice"},
        Fault{"host_routes: [{to: 10.9.0.1, interface: eth0, dev: eth1}]\n",
              "3:47: host_routes[0].interface: is given twice"},
        Fault{"services: [{vip: 10.0.0.100}]\n", "3:12: services[0].port: is missing"},
        Fault{"services: [{listeners: [{vip: 10.0.0.100}]}]\n",
              "3:25: services[0].listeners[0].port: is missing"},
        Fault{"services: [{listeners: [{vip: 10.0.0.100, port: 0-8}]}]\n",
              "3:49: services[0].listeners[0].port: expected a port from 1 to 65535, a range such "
              "as 8000-8100, or any, got \"0-8\""},
        Fault{"services: [{listeners: [{vip: 10.0.0.100, port: 8}], port: 9}]\n",
              "3:54: services[0].port: belongs in \"listeners\" if that is given; leave it out "
              "here"},
        Fault{"services: [{listeners: []}]\n",
              "3:12: services[0]: has no listener; give a VIP and a port, or listeners"},
        Fault{"services: [~]\n",
              "3:12: services[0].vip: is missing\npinion.yaml:3:12: services[0].port: is missing"},
        Fault{"? [a]\n: 1\n", "3:3: expected a key, got a list"},
        Fault{"? {a: b}\n: 1\n", "3:3: expected a key, got a mapping"}));

INSTANTIATE_TEST_SUITE_P(
    Kinds, FaultyText,
    testing::Values(
        Fault{"services: web\n", "3:11: services: expected a list, got \"web\""},
        Fault{"services: {vip: 10.0.0.1}\n", "3:11: services: expected a list, got a mapping"},
        Fault{"services: [10.0.0.1]\n", "3:12: services[0]: expected a mapping, got \"10.0.0.1\""},
        Fault{"host_routes: [[]]\n", "3:15: host_routes[0]: expected a mapping, got a list"},
        Fault{kService + "  servers: 10.0.0.1\n",
              "6:12: services[0].servers: expected a list, got \"10.0.0.1\""}));

struct WholeText {
  std::string text;
  std::string errors;
};
class OddText : public testing::TestWithParam<WholeText> {};

TEST_P(OddText, IsRefused) {
  EXPECT_THAT(load(GetParam().text).errors(), HasSubstr(GetParam().errors));
}

INSTANTIATE_TEST_SUITE_P(
    All, OddText,
    testing::Values(
        WholeText{"", "pinion.yaml: is empty; it needs at least director.interfaces"},
        WholeText{"# nothing\n", "pinion.yaml: is empty"},
        WholeText{"~\n", "pinion.yaml: is empty"},
        WholeText{"{}\n", "pinion.yaml:1:1: director.interfaces: name at least one interface"},
        WholeText{"eth0\n", "pinion.yaml:1:1: expected a mapping, got \"eth0\""},
        WholeText{"- a\n", "pinion.yaml:1:1: expected a mapping, got a list"},
        WholeText{"director: {interfaces: eth0}\n",
                  "pinion.yaml:1:24: director.interfaces: expected a list, got \"eth0\"; write "
                  "[\"eth0\"]"},
        WholeText{"director: [\n", "pinion.yaml:2:1: not YAML: "},
        WholeText{"director: {timeouts: {syn: 30}}\n",
                  "director.timeouts.syn: expected a time such as 500ms, 30s, 15m or 1h, got "
                  "\"30\"; add the unit: \"30s\""},
        WholeText{"director: {connections: {ipv4: 1m}}\n",
                  "director.connections.ipv4: expected a number such as 65536, 64K or 1M, got "
                  "\"1m\""},
        WholeText{"director: {limits: {servers: 4G}}\n",
                  "director.limits.servers: expected a number such as"},
        WholeText{"director: {control: {mode: 999}}\n",
                  "director.control.mode: expected an octal file mode such as \"0660\", got"},
        WholeText{"director: {control: {mode: 1777}}\n", "director.control.mode: expected"},
        WholeText{"director: {xdp: nativ}\n", "got \"nativ\"; did you mean \"native\"?"}));

TEST(Load, ReportsAllFaultsInTheOrderOfTheText) {
  const Loaded loaded = load(
      "services:\n"
      "  - {vip: 10.0.0.1, port: x, servers: [{address: y}]}\n"
      "  - {vip: 10.0.0.2, port: 80, scheduler: wr}\n"
      "director:\n"
      "  interfaces: [eth/0]\n"
      "  xdp: fast\n");
  EXPECT_EQ(loaded.errors(),
            "pinion.yaml:2:27: services[0].port: expected a port from 1 to 65535, a range such as "
            "8000-8100, or any, got \"x\"\n"
            "pinion.yaml:2:50: services[0].servers[0].address: expected an IPv4 or IPv6 address, "
            "got \"y\"\n"
            "pinion.yaml:3:42: services[1].scheduler: no scheduler \"wr\"; did you mean \"rr\"? "
            "The schedulers are rr, wrr, mh\n"
            "pinion.yaml:5:16: director.interfaces[0]: the name of an interface has no blank, no "
            "\"/\" and no \":\"\n"
            "pinion.yaml:6:8: director.xdp: expected one of auto, native, generic, got \"fast\"");
}

TEST(Load, SaysNothingOfWhatFollowsFromAFault) {
  // Both VIPs would be ::, equal and unspecified; no VIP would be kept.
  const Loaded loaded = load(kSound +
                             "services:\n"
                             "- {vip: a, port: 80}\n"
                             "- {vip: b, port: 80}\n");
  EXPECT_EQ(loaded.problems.size(), 2u) << all_of(loaded.problems);
}

TEST(Load, PutsWarningsWhereTheyAre) {
  const Loaded loaded =
      load("director: {interfaces: [eth0]}\nservices:\n- {vip: 10.0.0.1, port: 1}\n");
  EXPECT_TRUE(loaded.ok());
  EXPECT_EQ(loaded.errors(), "");
  EXPECT_EQ(all_of(loaded.problems),
            "pinion.yaml:3:3: warning: services[0].servers: has no server: its traffic is "
            "dropped\n"
            "pinion.yaml:3:9: warning: services[0].vip: 10.0.0.1 is not in \"vips\": something "
            "else must configure it\n");
}

TEST(Load, BoundsTheNumberOfProblems) {
  std::string text = "director: {interfaces: [eth0]}\nvips:\n";
  for (int i = 0; i < 5000; ++i) text += "- x\n";
  const Loaded loaded = load(text);
  EXPECT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.problems.size(), 1000u);
}

TEST(Load, ReadsServersThroughAnAlias) {
  const Loaded loaded = load(kSound +
                             "services:\n"
                             "- {vip: 10.0.0.100, port: 80, servers: &pool [{address: 10.0.0.1}]}\n"
                             "- {vip: 10.0.0.100, port: 81, servers: *pool}\n");
  ASSERT_EQ(all_of(loaded.problems), "");
  EXPECT_TRUE(loaded.config.services[0].servers == loaded.config.services[1].servers);
}

class LoadFile : public testing::Test {
 protected:
  const std::string path_ = testing::TempDir() + "pinion_load_" + std::to_string(::getpid());
  void write(const std::string& text) { std::ofstream(path_) << text; }
  ~LoadFile() override { std::remove(path_.c_str()); }
};

TEST_F(LoadFile, CallsPlacesByThePath) {
  write("director: 3\n");
  EXPECT_EQ(load_file(path_, kVocabulary).errors(),
            path_ + ":1:11: director: expected a mapping, got \"3\"");
  write(kSound);
  EXPECT_TRUE(load_file(path_, kVocabulary).ok());
}

TEST_F(LoadFile, SaysWhyItCannotBeRead) {
  EXPECT_EQ(load_file(path_, kVocabulary).errors(),
            path_ + ": cannot be read: No such file or directory");
  EXPECT_EQ(load_file("/", kVocabulary).errors(), "/: cannot be read: Is a directory");
}

TEST_F(LoadFile, RefusesWhatIsLarge) {
  write(std::string((16 << 20) + 1, '\n'));
  EXPECT_EQ(load_file(path_, kVocabulary).errors(), path_ + ": larger than 16 MiB");
}

}  // namespace
}  // namespace pinion::config
