// SPDX-License-Identifier: Apache-2.0
// What an operator reads: every verb's answer, from handler to table.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "balancer/control/verb.h"
#include "config/yaml/save.h"
#include "ctl/run.h"
#include "tests/support/control_server.h"

namespace pinion::ctl {
namespace {

class Golden : public test::ControlServer {
 protected:
  Outcome pinionctl(const std::string& text) {
    std::istringstream stream(text);
    const std::vector<std::string> words{std::istream_iterator<std::string>(stream), {}};
    return run(words, path_);
  }
  std::string out(const std::string& text) {
    const Outcome outcome = pinionctl(text);
    EXPECT_EQ(outcome.status, kDone) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    return outcome.out;
  }
};

TEST_F(Golden, Status) {
  EXPECT_EQ(out("status"),
            "version:        0.1.0-daemon\n"
            "instance:       default\n"
            "running:        for 1d1h, pid 4711\n"
            "configuration:  /etc/pinion/pinion.yaml\n"
            "reloads:        0, 0 failed\n"
            "services:       2\n"
            "servers:        1/2 reachable\n"
            "packets:        1000 forwarded, 7 passed, 0 dropped\n"
            "\n"
            "INTERFACE   LINK    XDP      ATTACHED\n"
            "eth0        up      native   itself\n"
            "eth1        absent  -        -\n"
            "eth0.10.20  down    generic  by its parent's parent eth0\n"
            "bond0.100   down    generic  by its parent bond0, a bond of eth2, eth3 and eth4\n"
            "bond0       down    generic  itself, a bond of eth2 and eth3\n"
            "\n"
            "TABLE  CONNECTIONS  ESTABLISHED  CAPACITY  FILLED  LAST SWEEP\n"
            "ipv4             2            2   1048576    0.0%         0us\n");
}

TEST_F(Golden, StatusWithWarnings) {
  director_.warnings_ = {"service 'web', servers: has no server", "another one"};
  EXPECT_THAT(out("status"), testing::HasSubstr("reloads:        0, 0 failed\n"
                                                "warning:        service 'web', servers: has no "
                                                "server\n"
                                                "warning:        another one\n"
                                                "services:       2\n"));
}

TEST_F(Golden, ServiceList) {
  EXPECT_EQ(out("service list"),
            "SERVICE  ADDRESS            PROTOCOL  SCHEDULER  FORWARD  REACHABLE  ACTIVE  INACTIVE"
            "  CONNECTIONS   BYTES\n"
            "web      192.168.88.88:80   tcp       mh         dr             1/2       2         0"
            "         2000  6.0MiB\n"
            "dns      [2001:db8::53]:53  udp       rr         dr             0/0       0         0"
            "            0      0B\n");
}

TEST_F(Golden, ServiceShow) {
  EXPECT_EQ(out("service show web"),
            "service:      web\n"
            "address:      192.168.88.88:80 tcp\n"
            "scheduler:    mh\n"
            "forward:      dr\n"
            "connections:  2000, 2 active, 0 inactive\n"
            "traffic:      10000 packets, 6.0MiB\n"
            "\n"
            "SERVER              FORWARD  WEIGHT  STATE        INTERFACE  NEXT HOP           ACTIVE"
            "  INACTIVE  CONNECTIONS   BYTES\n"
            "192.168.146.131:80  dr            1  up           eth0       02:00:00:00:00:83       1"
            "         0         1000  3.0MiB\n"
            "192.168.146.132:80  dr            2  unreachable  -          -                       1"
            "         0         1000  3.0MiB\n");
}

TEST_F(Golden, SeveralListeners) {
  director_.live_.services.resize(1);
  director_.live_.services[0].listeners.push_back(
      {*Prefix::parse("192.0.2.0/28"), Ports::any(), Protocol::kUdp});
  director_.live_.services[0].servers.resize(1);
  EXPECT_EQ(out("service list"),
            "SERVICE  ADDRESS              PROTOCOL  SCHEDULER  FORWARD  REACHABLE  ACTIVE  "
            "INACTIVE  CONNECTIONS   BYTES\n"
            "web      192.168.88.88:80 +1  tcp,udp   mh         dr             1/1       1  "
            "       0         1000  3.0MiB\n");
  EXPECT_EQ(out("service show web"),
            "service:      web\n"
            "address:      192.168.88.88:80 tcp\n"
            "address:      192.0.2.0/28:any udp\n"
            "scheduler:    mh\n"
            "forward:      dr\n"
            "connections:  1010, 1 active, 0 inactive\n"
            "traffic:      5050 packets, 3.0MiB\n"
            "\n"
            "SERVER           FORWARD  WEIGHT  STATE  INTERFACE  NEXT HOP           ACTIVE  "
            "INACTIVE  CONNECTIONS   BYTES\n"
            "192.168.146.131  dr            1  up     eth0       02:00:00:00:00:83       1  "
            "       0         1010  3.0MiB\n");
}

TEST_F(Golden, ServerList) {
  director_.live_.services[0].servers[0].weight = 0;
  director_.live_.services[0].servers.resize(1);
  EXPECT_EQ(
      out("server list"),
      "SERVICE  SERVER              FORWARD  WEIGHT  STATE    INTERFACE  NEXT HOP           "
      "ACTIVE  INACTIVE  CONNECTIONS   BYTES\n"
      "web      192.168.146.131:80  dr            0  drained  eth0       02:00:00:00:00:83       1"
      "         0         1000  3.0MiB\n");
}

TEST_F(Golden, TunnelsOfServers) {
  EXPECT_EQ(out("service set web --forward tun --tunnel-type gue --tunnel-port 5555"),
            "service 'web' changed\n");
  EXPECT_EQ(out("server set web 192.168.146.132 --weight 3 --tunnel-type gre"),
            "server 192.168.146.132 of service 'web' has weight 3 and tunnel.type gre\n");
  EXPECT_EQ(out("server add web 192.168.146.133 --tunnel-type ipip --tunnel-checksum false "
                "--tunnel-source 192.168.146.0/24"),
            "server 192.168.146.133 of service 'web' added with weight 1\n");
  EXPECT_FALSE(*director_.live_.services[0].servers[2].tunnel.checksum);
  EXPECT_EQ(out("server list web"),
            "SERVICE  SERVER              FORWARD       WEIGHT  STATE        INTERFACE"
            "  NEXT HOP           ACTIVE  INACTIVE  CONNECTIONS   BYTES\n"
            "web      192.168.146.131:80  tun/gue:5555       1  up           eth0     "
            "  02:00:00:00:00:83       1         0         1000  3.0MiB\n"
            "web      192.168.146.132:80  tun/gre            3  unreachable  -        "
            "  -                       1         0         1000  3.0MiB\n"
            "web      192.168.146.133:80  tun/ipip           1  unreachable  -        "
            "  -                       1         0         1000  3.0MiB\n");
  EXPECT_EQ(pinionctl("server set web 192.168.146.133 --tunnel-type gra").err,
            "pinionctl: --tunnel-type: expected ipip, gre or gue, got 'gra'; did you mean 'gre'?\n"
            "see: pinionctl server set --help\n");
}

TEST_F(Golden, ConnectionList) {
  EXPECT_EQ(out("connection list"),
            "PROTOCOL  STATE        CLIENT          VIP               SERVER              SERVICE"
            "  IDLE  EXPIRES\n"
            "tcp       established  10.1.0.2:33676  192.168.88.88:80  192.168.146.131:80  web"
            "      1.5s    14m0s\n"
            "tcp       fin_wait     10.1.0.3:33677  192.168.88.88:80  192.168.146.132:80  web"
            "      1.5s    14m0s\n");
  const Outcome one = pinionctl("connection list --limit 1");
  EXPECT_EQ(one.err,
            "pinionctl: there are more than these 1: 'connection count' counts them, --limit N "
            "lists more\n");
  EXPECT_EQ(std::count(one.out.begin(), one.out.end(), '\n'), 2);
}

TEST_F(Golden, ConnectionListWithLocalEnds) {
  director_.table_[1].local = Endpoint{*Address::parse("192.168.146.200"), Port{23456}};
  EXPECT_EQ(out("connection list"),
            "PROTOCOL  STATE        CLIENT          VIP               LOCAL"
            "                  SERVER              SERVICE  IDLE  EXPIRES\n"
            "tcp       established  10.1.0.2:33676  192.168.88.88:80  -"
            "                      192.168.146.131:80  web      1.5s    14m0s\n"
            "tcp       fin_wait     10.1.0.3:33677  192.168.88.88:80  192.168.146.200:23456"
            "  192.168.146.132:80  web      1.5s    14m0s\n");
}

TEST_F(Golden, ConnectionCountAndFlush) {
  EXPECT_EQ(out("connection count --state fin_wait"), "1\n");
  EXPECT_EQ(out("connection flush --client 10.1.0.0/16"), "2 connections flushed\n");
}

TEST_F(Golden, Stats) {
  EXPECT_EQ(out("stats --interval 1ms"),
            "SERVICE  SERVER              CONNECTIONS  PACKETS   BYTES  CONNECTIONS/S  PACKETS/S"
            "  BYTES/S\n"
            "web      all                        2020    10100  6.0MiB           20.0        100"
            "       0B\n"
            "web      192.168.146.131:80         1010     5050  3.0MiB           10.0       50.0"
            "       0B\n"
            "web      192.168.146.132:80         1010     5050  3.0MiB           10.0       50.0"
            "       0B\n"
            "dns      all                           0        0      0B              0          0"
            "       0B\n"
            "TOTAL                               2020    10100  6.0MiB           20.0        100"
            "       0B\n");
  EXPECT_THAT(out("stats --interval 0"),
              testing::StartsWith("SERVICE  SERVER              CONNECTIONS  PACKETS   BYTES\n"));
}

TEST_F(Golden, Verdicts) {
  EXPECT_EQ(out("verdicts"),
            "VERDICT        PACKETS  MEANING\n"
            "forward_known      900  forwarded: the connection was known\n"
            "forward_new        100  forwarded: a new connection was made\n"
            "pass_not_ours        7  left to the stack: not for a virtual service\n");
  EXPECT_THAT(out("verdicts --all"), testing::HasSubstr("drop_no_server"));
}

TEST_F(Golden, ConfigShow) { EXPECT_EQ(out("config show"), config::to_yaml(director_.live_)); }

TEST_F(Golden, ConfigDiff) {
  EXPECT_EQ(out("config diff"), "the live configuration equals /etc/pinion/pinion.yaml\n");
  director_.live_.services[0].servers[1].weight = 5;
  EXPECT_EQ(out("config diff"),
            "WHAT DIFFERS                                   IN THE FILE  LIVE\n"
            "services[web].servers[192.168.146.132].weight  2            5\n");
  EXPECT_THAT(out("status"), testing::HasSubstr("live differs (see 'config diff')"));
}

TEST_F(Golden, ChangesSayWhatTheyDid) {
  EXPECT_EQ(out("service add api --vip 10.0.0.1 --port 80 --server 10.0.0.2=3"),
            "service 'api' added\n");
  EXPECT_EQ(director_.live_.services.back().servers.at(0).weight, 3u);
  EXPECT_EQ(out("service set api --port 81"), "service 'api' changed\n");
  EXPECT_EQ(out("server add api 10.0.0.3"),
            "server 10.0.0.3 of service 'api' added with weight 1\n");
  EXPECT_EQ(out("server set api 10.0.0.3 --weight 2"),
            "server 10.0.0.3 of service 'api' has weight 2\n");
  EXPECT_EQ(out("server set api 10.0.0.3 --forward local --weight 3"),
            "server 10.0.0.3 of service 'api' has weight 3 and forward local\n");
  EXPECT_EQ(out("server drain api 10.0.0.3"),
            "server 10.0.0.3 of service 'api' takes no new connections; 1 connection left\n");
  EXPECT_EQ(out("server remove api 10.0.0.3"),
            "server 10.0.0.3 of service 'api' removed; 0 connections left\n");
  EXPECT_EQ(out("service remove api"), "service 'api' removed\n");
  EXPECT_EQ(out("config save"), "wrote the live configuration to /etc/pinion/pinion.yaml\n");
  EXPECT_EQ(out("reload"), "reloaded /etc/pinion/pinion.yaml: 0 changes\n");
}

TEST_F(Golden, WarningsStandOnStderr) {
  director_.warnings_ = {"service 'web', servers: has no server", "another one"};
  const Outcome outcome = pinionctl("service set web --scheduler rr");
  EXPECT_EQ(outcome.status, kDone);
  EXPECT_EQ(outcome.out, "service 'web' changed\n");
  EXPECT_EQ(outcome.err, "warning: service 'web', servers: has no server\nwarning: another one\n");
  const Outcome json = pinionctl("reload --output json");
  EXPECT_EQ(json.err, "");
  EXPECT_THAT(json.out, testing::HasSubstr("another one"));
}

TEST_F(Golden, SaveNeedsForceWhereTheFileWasEdited) {
  director_.edited_ = "was edited since it was loaded: services[web].port";
  EXPECT_EQ(pinionctl("config save").status, kRefused);
  EXPECT_EQ(out("config save --force"),
            "wrote the live configuration to /etc/pinion/pinion.yaml\n");
}

TEST_F(Golden, Version) {
  EXPECT_EQ(out("version"), "pinionctl  " PINION_VERSION "\npiniond    0.1.0-daemon\n");
}

// A new verb needs a view here, or answers with a message.
TEST_F(Golden, EveryVerbPrintsSomethingInBothFormats) {
  for (const control::Verb& verb : control::verbs()) {
    if (!verb.handler) continue;
    std::string line(verb.example.substr(std::string_view("pinionctl ").size()));
    if (verb.words == "stats") line = "stats --interval 1ms";
    for (const char* format : {"table", "json"}) {
      // The examples' names differ from verb to verb: what an earlier one added is not there.
      director_.live_ = director_.on_disk_;
      if (verb.words == "service add") director_.live_.services.clear();
      if (verb.words.starts_with("server ") && verb.words != "server add")
        director_.live_.services[0].servers.push_back({*Address::parse("192.168.146.133")});
      const Outcome outcome = pinionctl(line + " --output " + format);
      EXPECT_EQ(outcome.status, kDone) << line << ": " << outcome.err;
      EXPECT_NE(outcome.out, "") << line;
      if (std::string_view(format) == "json") {
        EXPECT_TRUE(nlohmann::json::accept(outcome.out)) << line;
      }
    }
  }
}

TEST_F(Golden, HelpAndVersionInTheirOtherSpellings) {
  EXPECT_EQ(out("help"), out("--help"));
  EXPECT_EQ(out("help service"), out("service --help"));
  EXPECT_EQ(out("help server drain"), out("server drain --help"));
  EXPECT_EQ(out("--version"), "pinionctl " PINION_VERSION "\n");
}

TEST_F(Golden, NoMessageCommandsTheTerminal) {
  EXPECT_EQ(pinionctl("service show a\x1b[31mb\x7f").err.substr(0, 42),
            "pinionctl: no service 'a\\x1b[31mb\\x7f'; th");
  EXPECT_THAT(pinionctl("\x1b]0;x\x07").err, testing::HasSubstr("no verb '\\x1b]0;x\\x07'"));
  EXPECT_THAT(pinionctl("service show na\xc3\xafve").err, testing::HasSubstr("'na\xc3\xafve'"));
}

TEST_F(Golden, RefusalsAreOneOrTwoLinesOnStderr) {
  Outcome outcome = pinionctl("service show wbe");
  EXPECT_EQ(outcome.status, kRefused);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err, "pinionctl: no service 'wbe'; did you mean 'web'?\n");

  director_.refusal_ = refusal("services[0].port: one\nservices[1].port: two");
  outcome = pinionctl("reload --output json");
  EXPECT_EQ(outcome.status, kRefused);
  EXPECT_EQ(outcome.err, "pinionctl: services[0].port: one\nservices[1].port: two\n");
}

}  // namespace
}  // namespace pinion::ctl
