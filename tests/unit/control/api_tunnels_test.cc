// SPDX-License-Identifier: Apache-2.0
// Tunnels of services and servers, over the socket.
#include "tests/unit/control/api.h"

namespace pinion::control {
namespace {

using config::TunnelType;

const config::Tunnel kGue = {TunnelType::kGue, Port{5555}, true, Prefix::parse("10.9.0.0/16")};

TEST_F(Api, ServiceWithATunnel) {
  const std::string tunnel =
      R"({"type": "gue", "port": 5555, "checksum": true, "source": "10.9.0.0/16"})";
  const Reply reply = ask("POST", "/v1/services",
                          R"({"name": "far", "vip": "10.0.0.1", "port": 80, "forward": "tun",
                              "tunnel": )" +
                              tunnel + "}");
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(director_.live_.services.back().tunnel, kGue);
  EXPECT_EQ(reply.body["service"]["tunnel"], json::parse(tunnel)) << "as it was given";

  ASSERT_EQ(ask("PATCH", "/v1/services/far",
                R"({"tunnel": {"type": "gre", "checksum": false, "source": null}})")
                .status,
            200);
  const config::Tunnel changed = {TunnelType::kGre, Port{5555}, false, kGue.source};
  EXPECT_EQ(director_.live_.services.back().tunnel, changed) << "what is not said stays";
}

TEST_F(Api, ServersWithTunnelsOfTheirOwn) {
  ASSERT_EQ(ask("PATCH", "/v1/services/web", R"({"forward": "tun"})").status, 200);
  ASSERT_EQ(ask("POST", "/v1/services/web/servers",
                R"({"address": "10.0.0.5", "tunnel": {"type": "gue", "port": 5555}})")
                .status,
            200);
  config::ServerTunnel expected{TunnelType::kGue, Port{5555}, {}, {}};
  EXPECT_EQ(web().servers.back().tunnel, expected);

  const std::string server = "/v1/services/web/servers/10.0.0.5";
  const Reply reply =
      ask("PATCH", server, R"({"tunnel": {"checksum": true, "source": "10.0.0.9"}})");
  EXPECT_EQ(reply.body["message"],
            "server 10.0.0.5 of service 'web' has tunnel.checksum true and tunnel.source "
            "10.0.0.9/32");
  expected.checksum = true;
  expected.source = Prefix::parse("10.0.0.9");
  EXPECT_EQ(web().servers.back().tunnel, expected);
  EXPECT_EQ(error(400, "PATCH", server, R"({"tunnel": {}})"),
            "nothing to change; give at least one field");

  const json servers = ask("GET", "/v1/servers?service=web").body["servers"];
  EXPECT_EQ(
      servers.back()["tunnel"],
      json::parse(R"({"type": "gue", "port": 5555, "checksum": true, "source": "10.0.0.9/32"})"));
  EXPECT_EQ(servers[0]["tunnel"]["type"], "ipip") << "what holds for it, whoever says so";
  ASSERT_EQ(ask("PATCH", server, R"({"forward": "dr"})").status, 200);
  EXPECT_FALSE(ask("GET", "/v1/servers?service=web").body["servers"].back().contains("tunnel"));
}

TEST_F(Api, AServiceTakesTunnelsOfServersAsConfigShowWritesThem) {
  const std::string server =
      R"({"address": "10.0.0.5", "weight": 2, "port": null, "forward": "tun",
          "tunnel": {"type": "gre", "source": "10.9.0.0/16"}})";
  EXPECT_EQ(ask("POST", "/v1/services",
                R"({"name": "new", "vip": "10.0.0.1", "port": 1, "servers": [)" + server + "]}")
                .body["service"]["servers"][0],
            json::parse(server));
}

TEST_F(Api, TunnelsNameTheFieldThatIsWrong) {
  const struct {
    const char* tunnel;
    const char* error;
  } cases[] = {
      {R"("gue")", "tunnel: expected an object, got string"},
      {"null", "tunnel: expected an object, got null"},
      {R"({"type": "vxlan"})", "tunnel.type: expected ipip, gre or gue, got 'vxlan'"},
      {R"({"port": 0})", "tunnel.port: expected a port from 1 to 65535, got '0'"},
      {R"({"port": "any"})", "tunnel.port: expected an integer, got string"},
      {R"({"checksum": "true"})", "tunnel.checksum: expected true or false, got string"},
      {R"({"source": "10.0.0"})",
       "tunnel.source: expected an address or prefix such as 10.0.0.0/8 or fd00::1, got '10.0.0'"},
      {R"({"prot": 1})", "unknown field 'tunnel.prot'; did you mean 'tunnel.port'?"},
      {R"({"type": {"type": "gue"}})", "tunnel.type: expected a string, got object"},
  };
  for (const auto& each : cases) {
    EXPECT_EQ(
        error(400, "PATCH", "/v1/services/web", std::string(R"({"tunnel": )") + each.tunnel + "}"),
        each.error);
  }
  const auto in_a_list = [](const std::string& tunnel) {
    return R"({"vip": "10.0.0.1", "port": 1, "servers": [{"address": "10.0.0.5", "tunnel": )" +
           tunnel + "}]}";
  };
  EXPECT_EQ(error(400, "POST", "/v1/services", in_a_list(R"({"prot": 1})")),
            "unknown field 'servers[0].tunnel.prot'; did you mean 'tunnel.port'?");
  EXPECT_EQ(error(400, "POST", "/v1/services", in_a_list("true")),
            "servers[0].tunnel: expected an object, got boolean");
  EXPECT_EQ(ask("POST", "/v1/services", in_a_list("null")).status, 200) << "null says nothing";
}

}  // namespace
}  // namespace pinion::control
