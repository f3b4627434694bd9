// SPDX-License-Identifier: Apache-2.0
// Every verb over a real Unix socket, against a director that obeys and one that refuses.
#include <set>

#include "balancer/control/verb.h"
#include "tests/unit/control/api.h"

namespace pinion::control {
namespace {

using test::address;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(Api, ListsItselfAtTheRoot) {
  for (const char* root : {"/", "/v1"}) {
    const Reply reply = ask("GET", root);
    ASSERT_EQ(reply.status, 200);
    std::set<std::string> listed;
    for (const auto& verb : reply.body["verbs"]) listed.insert(verb["verb"]);
    EXPECT_EQ(listed.size(), verbs().size() - 1) << "all but config check, which needs no daemon";
    EXPECT_TRUE(listed.contains("server drain"));
  }
}

TEST_F(Api, Status) {
  const json status = ask("GET", "/v1/status").body;
  EXPECT_EQ(status["version"], "0.1.0-daemon");
  EXPECT_EQ(status["started"], "2001-09-09T01:46:40Z");
  EXPECT_EQ(status["uptime_seconds"], 25 * 3600);
  EXPECT_EQ(status["interfaces"][0]["xdp"], "native");
  EXPECT_EQ(status["interfaces"][1]["present"], false);
  EXPECT_TRUE(status["interfaces"][1]["xdp"].is_null());
  EXPECT_TRUE(status["interfaces"][1]["device"].is_null());
  EXPECT_EQ(status["interfaces"][2]["device"], "eth0");
  EXPECT_EQ(status["interfaces"][2]["vlans"], json({10, 20}));
  EXPECT_EQ(status["interfaces"][3]["ports"], json({"eth2", "eth3", "eth4"}));
  EXPECT_EQ(status["tables"][0]["states"]["established"], 2);
  EXPECT_FALSE(status["tables"][0]["states"].contains("free"));
  EXPECT_EQ(status["packets"], json({{"forward", 1000}, {"pass", 7}, {"drop", 0}, {"reply", 0}}));
  EXPECT_EQ(status["warnings"], json::array());
  director_.warnings_ = {"one", "two"};
  EXPECT_EQ(ask("GET", "/v1/status").body["warnings"], json({"one", "two"}));
  EXPECT_EQ(status["server_count"], 2);
  EXPECT_EQ(status["reachable_count"], 1);
}

TEST_F(Api, ServiceList) {
  const json services = ask("GET", "/v1/services").body["services"];
  ASSERT_EQ(services.size(), 2u);
  EXPECT_EQ(services[0]["name"], "web");
  EXPECT_EQ(services[0]["server_count"], 2);
  EXPECT_EQ(services[0]["reachable_count"], 1);
  EXPECT_EQ(services[0]["bytes"], 6 << 20);
  EXPECT_EQ(services[1]["protocol"], "udp");
}

TEST_F(Api, ServiceShow) {
  const json web = ask("GET", "/v1/services/web").body;
  EXPECT_EQ(web["servers"][0]["next_hop"], "02:00:00:00:00:83");
  EXPECT_TRUE(web["servers"][1]["next_hop"].is_null());
  EXPECT_EQ(error(404, "GET", "/v1/services/wbe"), "no service 'wbe'; did you mean 'web'?");
  EXPECT_EQ(error(404, "GET", "/v1/services/zzzzzz"),
            "no service 'zzzzzz'; there are 'web' and 'dns'");
}

TEST_F(Api, ServiceAdd) {
  const Reply reply = ask("POST", "/v1/services",
                          R"({"name": "api", "vip": "2001:db8::1", "port": 443, "protocol": "udp",
                              "scheduler": "wrr", "forward": "dr", "return": "routed",
                              "client_address": "toa", "mss": 1400,
                              "servers": [{"address": "2001:db8::2"},
                                          {"address": "2001:db8::3", "weight": 0}]})");
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(reply.body["message"], "service 'api' added");
  EXPECT_EQ(reply.body["service"]["servers"][1]["weight"], 0);
  const config::Service expected = {
      .name = "api",
      .listeners = {{*Prefix::parse("2001:db8::1"), Ports::one(443), Protocol::kUdp}},
      .scheduler = "wrr",
      .replies = config::Return::kRouted,
      .client_address = config::ClientAddress::kToa,
      .mss = 1400,
      .servers = {{address("2001:db8::2")}, {address("2001:db8::3"), 0}}};
  EXPECT_EQ(director_.live_.services.back(), expected);
}

TEST_F(Api, ServiceAddNamesTheServiceItself) {
  const Reply reply = ask("POST", "/v1/services", R"({"vip": "10.0.0.1", "port": 80})");
  EXPECT_EQ(reply.body["message"], "service '10.0.0.1:80/tcp' added");
  EXPECT_EQ(ask("GET", "/v1/services/10.0.0.1:80%2Ftcp").status, 200);
}

TEST_F(Api, ServiceAddNamesTheFieldThatIsWrong) {
  const struct {
    const char* body;
    const char* error;
  } cases[] = {
      {"{", "the body is not JSON: parse error at line 1, column 2"},
      {"[]", "the body: expected a JSON object, got array"},
      {"", "vip is missing; give a VIP and a port, or listeners"},
      {R"({"vip": "10.0.0.1"})", "port is missing; give a VIP and a port, or listeners"},
      {R"({"vip": 5})", "vip: expected a string, got number"},
      {R"({"vip": "10.0.0"})",
       "vip: expected an address or prefix such as 192.0.2.80 or 192.0.2.0/28, got '10.0.0'"},
      {R"({"port": "x"})", "port: expected a port from 1 to 65535, a range"},
      {R"({"port": 80.5})", "port: expected an integer or a string, got number"},
      {R"({"port": -1})", "port: expected a port from 1 to 65535"},
      {R"({"port": 65536})", "port: expected a port from 1 to 65535"},
      {R"({"port": 99999999999999999999})", "port: expected an integer or a string"},
      {R"({"listeners": [{"vip": "10.0.0.1"}]})", "listeners[0]: expected an object such as"},
      {R"({"listeners": [{"vip": "10.0.0.1", "port": 80, "protcol": "udp"}]})",
       "unknown field 'listeners[0].protcol'; did you mean 'protocol'?"},
      {R"({"vip": "10.0.0.1", "listeners": [{"vip": "10.0.0.1", "port": 80}]})",
       "'listeners' and a VIP, port or protocol contradict each other"},
      {R"({"schduler": "rr"})", "unknown field 'schduler'; did you mean 'scheduler'?"},
      {R"({"scheduler": "xx"})", "scheduler: expected "},
      {R"({"protocol": "dccp"})", "protocol: expected tcp, udp or sctp, got 'dccp'"},
      {R"({"name": ""})", "name: expected text that is not empty, got ''"},
      {R"({"servers": "10.0.0.1"})", "servers: expected an array, got string"},
      {R"({"servers": [{}]})", "servers[0]: expected an object such as"},
      {R"({"servers": [{"address": "10.0.0.1"}, {"address": "x"}]})",
       "servers[1].address: expected an IPv4 or IPv6 address, got 'x'"},
      {R"({"servers": [{"address": "10.0.0.1", "wieght": 1}]})",
       "unknown field 'servers[0].wieght'; did you mean 'weight'?"},
      {R"({"servers": [{"address": "10.0.0.1", "weight": 65536}]})",
       "servers[0].weight: expected an integer from 0 to 65535, got '65536'"},
  };
  const Config before = director_.live_;
  for (const auto& each : cases)
    EXPECT_THAT(error(400, "POST", "/v1/services", each.body), testing::StartsWith(each.error));
  EXPECT_EQ(director_.live_, before);
}

TEST_F(Api, ServiceAddRefusesADuplicateAndTooMany) {
  EXPECT_EQ(error(409, "POST", "/v1/services", R"({"name": "web", "vip": "10.0.0.1", "port": 80})"),
            "service 'web' already exists; change it with 'service set'");
  std::string servers = R"({"vip": "10.0.0.1", "port": 80, "servers": [{})";
  for (int i = 0; i < 65536; ++i) servers += ",{}";
  EXPECT_EQ(error(400, "POST", "/v1/services", servers + "]}"),
            "servers: more than 65536 in one request");
}

TEST_F(Api, ServiceSetChangesWhatIsGiven) {
  config::Service expected = web();
  expected.scheduler = "wrr";
  expected.listeners[0].ports = Ports::one(8080);
  EXPECT_EQ(ask("PATCH", "/v1/services/web", R"({"scheduler": "wrr", "port": 8080})").status, 200);
  EXPECT_EQ(web(), expected);
  EXPECT_EQ(error(400, "PATCH", "/v1/services/web", "{}"),
            "nothing to change; give at least one field");
  EXPECT_EQ(error(404, "PATCH", "/v1/services/dnss", R"({"port": 1})"),
            "no service 'dnss'; did you mean 'dns'?");
}

TEST_F(Api, ServiceRemove) {
  EXPECT_EQ(ask("DELETE", "/v1/services/web").body["message"], "service 'web' removed");
  ASSERT_EQ(director_.live_.services.size(), 1u);
  EXPECT_EQ(error(404, "DELETE", "/v1/services/web"), "no service 'web'; there is only 'dns'");
}

TEST_F(Api, ConnectionFilters) {
  const auto count = [&](const std::string& query) {
    return ask("GET", "/v1/connections/count?" + query).body["count"].get<int>();
  };
  EXPECT_EQ(count(""), 2);
  EXPECT_EQ(count("service=web"), 2);
  EXPECT_EQ(count("service=dns"), 0);
  EXPECT_EQ(count("server=192.168.146.132"), 1);
  EXPECT_EQ(count("client=10.1.0.2"), 1);
  EXPECT_EQ(count("client=10.1.0.0/16"), 2);
  EXPECT_EQ(count("state=fin_wait"), 1);
  EXPECT_EQ(count("state=fin_wait&client=10.1.0.2"), 0);
  EXPECT_EQ(error(400, "GET", "/v1/connections/count?stat=x"),
            "unknown parameter 'stat'; did you mean 'state'?");
  EXPECT_THAT(error(400, "GET", "/v1/connections/count?state=free"), HasSubstr("state: expected "));
  EXPECT_THAT(error(400, "GET", "/v1/connections/count?client=10.0.0.0/33"), HasSubstr("client: "));
  EXPECT_EQ(error(404, "GET", "/v1/connections/count?service=wbe"),
            "no service 'wbe'; did you mean 'web'?");
}

TEST_F(Api, ConnectionListSaysWhenThereAreMore) {
  const json one = ask("GET", "/v1/connections?limit=1").body;
  EXPECT_EQ(one["connections"].size(), 1u);
  EXPECT_EQ(one["truncated"], true);
  const json both = ask("GET", "/v1/connections?limit=2").body;
  EXPECT_EQ(both["truncated"], false);
  EXPECT_EQ(both["connections"][0], json::parse(R"({"protocol": "tcp", "client": "10.1.0.2:33676",
                            "vip": "192.168.88.88:80", "service": "web",
                            "server": "192.168.146.131:80", "state": "established",
                            "idle_ms": 1500, "expires_ms": 840000})"));
  for (const char* limit : {"0", "100001", "ten", ""})
    EXPECT_THAT(error(400, "GET", std::string("/v1/connections?limit=") + limit),
                HasSubstr("limit: expected an integer from 1 to 100000"));
}

TEST_F(Api, ConnectionsOfNobodyAreATypingError) {
  const std::string filter = "server=192.168.146.13";
  const std::string expected = "no server 192.168.146.13; did you mean '192.168.146.131'?";
  EXPECT_EQ(error(404, "GET", "/v1/connections?" + filter), expected);
  EXPECT_EQ(error(404, "GET", "/v1/connections/count?" + filter), expected);
  EXPECT_EQ(error(404, "DELETE", "/v1/connections?" + filter), expected);
  EXPECT_EQ(ask("DELETE", "/v1/connections?server=192.168.146.132&state=udp").status, 200);
  director_.live_.services[0].servers.clear();
  EXPECT_EQ(ask("GET", "/v1/connections/count?server=192.168.146.131").body["count"], 1)
      << "it is gone, its connections are not";
}

TEST_F(Api, ConnectionListCanBeLong) {
  director_.table_.assign(100'001, director_.table_[0]);
  const json many = ask("GET", "/v1/connections?limit=100000").body;
  EXPECT_EQ(many["connections"].size(), 100'000u);
  EXPECT_EQ(many["truncated"], true);
}

TEST_F(Api, ConnectionFlushNeedsToKnowWhich) {
  EXPECT_EQ(error(400, "DELETE", "/v1/connections"),
            "this would end every connection; give a filter, or --all if you mean that");
  EXPECT_THAT(error(400, "DELETE", "/v1/connections?all=true&state=udp"), HasSubstr("contradict"));
  const json one = ask("DELETE", "/v1/connections?client=10.1.0.2").body;
  EXPECT_EQ(one["flushed"], 1);
  EXPECT_EQ(one["message"], "1 connection flushed");
  EXPECT_EQ(director_.table_.size(), 1u);
  EXPECT_EQ(ask("DELETE", "/v1/connections?all=true").body["flushed"], 1);
  EXPECT_TRUE(director_.table_.empty());
}

TEST_F(Api, StatsHaveTotalsAndRates) {
  const json totals = ask("GET", "/v1/stats?interval=0").body;
  EXPECT_EQ(totals["total"], json({{"connections", 2000},
                                   {"packets", 10000},
                                   {"bytes", 6 << 20},
                                   {"reply_packets", 0},
                                   {"reply_bytes", 0}}));
  const json rates = ask("GET", "/v1/stats?interval=1ms").body;
  EXPECT_EQ(rates["interval_ms"], 1000) << "by the snapshots' time, not by the timer's";
  EXPECT_EQ(rates["services"][0]["per_second"],
            json({{"connections", 20.0}, {"packets", 100.0}, {"bytes", 0.0}}));
  EXPECT_EQ(rates["services"][0]["servers"][1]["per_second"]["packets"], 50.0);
  EXPECT_EQ(rates["total"]["per_second"]["packets"], 100.0);
  for (const char* interval : {"61s", "1m", "-1", "x", "99999999999999999999s"})
    EXPECT_THAT(error(400, "GET", std::string("/v1/stats?interval=") + interval),
                HasSubstr("interval: expected a time from 0 to 60s"));
}

TEST_F(Api, VerdictsHideZeroUnlessAsked) {
  const json some = ask("GET", "/v1/verdicts").body["verdicts"];
  ASSERT_EQ(some.size(), 3u);
  EXPECT_EQ(some[2], json({{"name", "pass_not_ours"},
                           {"action", "pass"},
                           {"packets", 7},
                           {"text", "left to the stack: not for a virtual service"}}));
  EXPECT_EQ(ask("GET", "/v1/verdicts?all").body["verdicts"].size(),
            size_t{PINION_VERDICT_COUNT - 1});
  EXPECT_EQ(ask("GET", "/v1/verdicts?all=false").body["verdicts"].size(), 3u);
}

TEST_F(Api, ConfigShowIsYamlAndJson) {
  const json shown = ask("GET", "/v1/config").body;
  EXPECT_THAT(shown["yaml"].get<std::string>(), HasSubstr("web"));
  EXPECT_EQ(shown["config"]["director"]["timeouts_ms"]["established"], 900'000);
  EXPECT_EQ(shown["config"]["director"]["control"]["mode"], "0660");
  EXPECT_EQ(shown["config"]["services"][0]["servers"][1]["weight"], 2);
}

TEST_F(Api, ConfigDiffSaveReload) {
  EXPECT_EQ(ask("GET", "/v1/config/diff").body["differs"], false);
  ask("PATCH", "/v1/services/web/servers/192.168.146.132", R"({"weight": 9})");
  const json diff = ask("GET", "/v1/config/diff").body;
  EXPECT_EQ(diff["differs"], true);
  ASSERT_EQ(diff["differences"].size(), 1u);
  EXPECT_EQ(diff["differences"][0]["file"], "2");
  EXPECT_EQ(diff["differences"][0]["live"], "9");

  EXPECT_EQ(ask("POST", "/v1/reload").body["message"],
            "reloaded /etc/pinion/pinion.yaml: 1 change");
  EXPECT_EQ(web().servers[1].weight, 2u);

  ask("DELETE", "/v1/services/dns");
  EXPECT_EQ(ask("POST", "/v1/config/save").body["message"],
            "wrote the live configuration to /etc/pinion/pinion.yaml");
  EXPECT_EQ(director_.on_disk_, director_.live_);
}

TEST_F(Api, SaveOverwritesNobodysWork) {
  director_.edited_ = "was edited since it was loaded: services[web].port";
  ask("DELETE", "/v1/services/dns");
  const Config on_disk = director_.on_disk_;
  EXPECT_EQ(error(409, "POST", "/v1/config/save"),
            "/etc/pinion/pinion.yaml was edited since it was loaded: services[web].port; make it "
            "live with 'reload', or overwrite it with 'config save --force'; 'config diff' shows "
            "how it differs");
  EXPECT_EQ(director_.on_disk_, on_disk);
  EXPECT_EQ(ask("POST", "/v1/config/save?force").status, 200);
  EXPECT_EQ(director_.on_disk_, director_.live_);
}

TEST_F(Api, EveryChangeTellsItsWarnings) {
  director_.warnings_ = {"service 'web', servers: has no server"};
  const std::string server = "/v1/services/web/servers/192.168.146.131";
  const struct {
    const char *method, *target, *body;
  } changes[] = {{"POST", "/v1/services", R"({"vip": "10.0.0.1", "port": 80})"},
                 {"PATCH", "/v1/services/web", R"({"scheduler": "rr"})"},
                 {"DELETE", "/v1/services/dns", ""},
                 {"POST", "/v1/services/web/servers", R"({"address": "10.0.0.9"})"},
                 {"PATCH", server.c_str(), R"({"weight": 3})"},
                 {"POST", "/v1/services/web/servers/192.168.146.131/drain", ""},
                 {"DELETE", server.c_str(), ""},
                 {"POST", "/v1/reload", ""}};
  for (const auto& each : changes)
    EXPECT_EQ(ask(each.method, each.target, each.body).body["warnings"], json(director_.warnings_))
        << each.method << each.target;
  director_.warnings_.clear();
  EXPECT_EQ(ask("POST", "/v1/reload").body["warnings"], json::array());
}

// Who looks for a change later finds all of them; what changed nothing does not hide them.
TEST_F(Api, EveryChangeIsLogged) {
  const std::string server = "/v1/services/web/servers/192.168.146.131";
  testing::internal::CaptureStderr();
  for (int i = 0; i < 30; ++i) {
    ask("PATCH", server, R"({"weight": )" + std::to_string(100 + i) + "}");
    ask("PATCH", "/v1/services/wbe/servers/10.0.0.1", R"({"weight": 1})");
    ask("GET", "/v1/status");
  }
  ask("POST", "/v1/services", R"({"name": "api", "vip": "10.0.0.1", "port": 80, "servers":
      [{"address": "10.0.0.2"}, {"address": "10.0.0.3", "weight": 0}]})");
  const std::string lines = testing::internal::GetCapturedStderr();
  for (int i = 0; i < 30; ++i)
    EXPECT_THAT(lines, HasSubstr("info changed verb=\"server set\" server=192.168.146.131 "
                                 "service=web weight=" +
                                 std::to_string(100 + i) + "\n"));
  EXPECT_THAT(lines, HasSubstr("info changed verb=\"service add\" name=api port=80 "
                               "servers=\"10.0.0.2=1,10.0.0.3=0\" vip=10.0.0.1\n"));
  // Of the refused ones as many as the limit has left, after other tests.
  EXPECT_LE(std::count(lines.begin(), lines.end(), '\n'), 31 + 11);
}

TEST_F(Api, Version) { EXPECT_EQ(ask("GET", "/v1/version").body["version"], "0.1.0-daemon"); }

TEST_F(Api, WhatTheDirectorRefusesStaysAsItWas) {
  director_.refusal_ = refusal("services[0].port: one\nservices[1].port: two");
  const Config before = director_.live_;
  const std::string server = "/v1/services/web/servers/192.168.146.131";
  const struct {
    const char *method, *target, *body;
  } changes[] = {{"POST", "/v1/services", R"({"vip": "10.0.0.1", "port": 80})"},
                 {"PATCH", "/v1/services/web", R"({"port": 81})"},
                 {"DELETE", "/v1/services/web", ""},
                 {"POST", "/v1/services/web/servers", R"({"address": "10.0.0.9"})"},
                 {"PATCH", server.c_str(), R"({"weight": 3})"},
                 {"DELETE", server.c_str(), ""},
                 {"POST", "/v1/services/web/servers/192.168.146.131/drain", ""},
                 {"POST", "/v1/reload", ""},
                 {"POST", "/v1/config/save", ""},
                 {"GET", "/v1/config/diff", ""}};
  for (const auto& each : changes)
    EXPECT_EQ(error(422, each.method, each.target, each.body),
              "services[0].port: one\nservices[1].port: two");
  EXPECT_EQ(director_.live_, before);

  director_.refusal_ = errno_error("update map services", ENOMEM);
  EXPECT_EQ(error(500, "POST", "/v1/reload"), "update map services: Cannot allocate memory");
}

TEST_F(Api, UnknownPathsAndMethods) {
  EXPECT_EQ(error(404, "GET", "/v1/servces"),
            "no such path: /v1/servces; did you mean '/v1/services'?");
  EXPECT_EQ(error(404, "GET", "/etc"), "no such path: /etc; GET / lists every path");
  EXPECT_EQ(error(404, "GET", "/v1/services/web/servers/x/y/z"),
            "no such path: /v1/services/web/servers/x/y/z; GET / lists every path");
  EXPECT_EQ(error(405, "PUT", "/v1/services"),
            "PUT is not allowed for /v1/services; it takes GET, POST");
  EXPECT_EQ(error(405, "GET", "/v1/reload"), "GET is not allowed for /v1/reload; it takes POST");
  EXPECT_THAT(error(404, "POST", "/"), HasSubstr("no such path"));
}

TEST_F(Api, RefusesWhatAVerbDoesNotTake) {
  EXPECT_EQ(error(400, "GET", "/v1/status?verbose"), "unknown parameter 'verbose'; there are none");
  EXPECT_EQ(error(400, "POST", "/v1/reload", R"({"now": true})"),
            "unknown field 'now'; there are none");
}

TEST_F(Api, SurvivesBytesThatAreNoUtf8) {
  EXPECT_EQ(ask("GET", "/v1/services/%ff%fe").status, 404);
  EXPECT_EQ(ask("POST", "/v1/services", "{\"\xff\": 1}").status, 400);
  EXPECT_EQ(ask("GET", "/v1/stats?interval=%ff").status, 400);
}

}  // namespace
}  // namespace pinion::control
