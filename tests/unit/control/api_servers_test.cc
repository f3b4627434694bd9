// SPDX-License-Identifier: Apache-2.0
// The verbs of real servers.
#include "tests/unit/control/api.h"

namespace pinion::control {
namespace {

using test::address;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(Api, ServerList) {
  EXPECT_EQ(ask("GET", "/v1/servers").body["servers"].size(), 2u);
  const json web = ask("GET", "/v1/servers?service=web").body["servers"];
  EXPECT_EQ(web[1]["service"], "web");
  EXPECT_EQ(web[1]["address"], "192.168.146.132");
  EXPECT_EQ(ask("GET", "/v1/servers?service=dns").body["servers"], json::array());
  EXPECT_EQ(error(404, "GET", "/v1/servers?service=dn"), "no service 'dn'; did you mean 'dns'?");
}

TEST_F(Api, ServerAdd) {
  const Reply reply =
      ask("POST", "/v1/services/dns/servers", R"({"address": "2001:db8::2", "weight": 7})");
  EXPECT_EQ(reply.body["message"], "server 2001:db8::2 of service 'dns' added with weight 7");
  EXPECT_THAT(director_.live_.services[1].servers,
              ElementsAre(config::Server{address("2001:db8::2"), 7}));
  EXPECT_EQ(error(409, "POST", "/v1/services/dns/servers", R"({"address": "2001:db8::2"})"),
            "service 'dns' already has server 2001:db8::2; change it with 'server set'");
}

TEST_F(Api, ServersAtOneAddressAreToldApartByTheirPorts) {
  const std::string servers = "/v1/services/web/servers";
  EXPECT_EQ(ask("POST", servers, R"({"address": "10.0.0.5", "port": 8080})").body["server"],
            "10.0.0.5:8080");
  EXPECT_EQ(ask("POST", servers, R"({"address": "10.0.0.5", "port": 8081})").status, 200);
  EXPECT_EQ(error(409, "POST", servers, R"({"address": "10.0.0.5", "port": 8081})"),
            "service 'web' already has server 10.0.0.5:8081; change it with 'server set'");
  EXPECT_EQ(
      error(409, "DELETE", servers + "/10.0.0.5"),
      "service 'web' has 2 servers at 10.0.0.5; name one of them: 10.0.0.5:8080 or 10.0.0.5:8081");
  EXPECT_EQ(ask("PATCH", servers + "/10.0.0.5:8081", R"({"weight": 7})").status, 200);
  EXPECT_EQ(ask("DELETE", servers + "/10.0.0.5:8080").status, 200);
  EXPECT_EQ(web().servers.back(), (config::Server{address("10.0.0.5"), 7, Port{8081}}));
  EXPECT_EQ(ask("DELETE", servers + "/10.0.0.5").status, 200) << "it is the only one left";
}

TEST_F(Api, AServiceTakesServersAsConfigShowWritesThem) {
  const std::string server =
      R"({"address": "10.0.0.5", "weight": 2, "port": null, "forward": "fullnat",
          "client_address": "proxy"})";
  EXPECT_EQ(ask("POST", "/v1/services",
                R"({"name": "new", "vip": "10.0.0.1", "port": 1, "servers": [)" + server + "]}")
                .body["service"]["servers"][0],
            json::parse(server));
  EXPECT_EQ(error(400, "POST", "/v1/services",
                  R"({"vip": "10.0.0.1", "port": 2, "servers": [{"address": null}]})"),
            "servers[0]: expected an object such as {\"address\": \"192.168.1.2\", \"weight\": 1}");
}

TEST_F(Api, ServerSetDrainRemove) {
  const std::string server = "/v1/services/web/servers/192.168.146.132";
  EXPECT_EQ(ask("PATCH", server, R"({"weight": 9})").status, 200);
  EXPECT_EQ(web().servers[1].weight, 9u);
  EXPECT_EQ(error(400, "PATCH", server), "nothing to change; give at least one field");
  EXPECT_EQ(ask("PATCH", server, R"({"forward": "local"})").status, 200);
  EXPECT_EQ(web().servers[1].forward, config::Forward::kLocal);
  EXPECT_EQ(ask("PATCH", server, R"({"client_address": "toa"})").body["message"],
            "server 192.168.146.132 of service 'web' has client_address toa");
  EXPECT_EQ(web().servers[1].client_address, config::ClientAddress::kToa);

  const json drained = ask("POST", server + "/drain").body;
  EXPECT_EQ(drained["message"],
            "server 192.168.146.132 of service 'web' takes no new connections; 1 connection left");
  EXPECT_EQ(drained["connections_left"], 1);
  EXPECT_EQ(web().servers[1].weight, 0u);

  EXPECT_EQ(ask("DELETE", server).status, 200);
  EXPECT_EQ(web().servers.size(), 1u);
  for (const auto& [method, suffix] : {std::pair("DELETE", ""), {"POST", "/drain"}})
    EXPECT_EQ(error(404, method, server + suffix),
              "service 'web' has no server 192.168.146.132; did you mean '192.168.146.131'?");
  EXPECT_THAT(error(400, "DELETE", "/v1/services/web/servers/x"),
              HasSubstr("server: expected a real server such as"));
}

TEST_F(Api, AServerThatIsLeavingIsNotSimplyUnknown) {
  ServerSnapshot gone;
  gone.address = address("192.168.146.140");
  gone.port = Port{80};
  gone.leaving = true;
  gone.active = 2;
  director_.leaving_ = {{"web", gone}};
  EXPECT_EQ(error(404, "PATCH", "/v1/services/web/servers/192.168.146.140", R"({"weight": 1})"),
            "service 'web' has no server 192.168.146.140; it has been removed, and its 2 "
            "connections will end; 'server add' takes it back");
}

}  // namespace
}  // namespace pinion::control
