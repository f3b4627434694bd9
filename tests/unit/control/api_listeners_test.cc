// SPDX-License-Identifier: Apache-2.0
// Services with several listeners, over the socket.
#include "tests/unit/control/api.h"

namespace pinion::control {
namespace {

TEST_F(Api, ServiceWithSeveralListeners) {
  const Reply reply = ask("POST", "/v1/services",
                          R"({"name": "many", "listeners": [
                              {"vip": "10.0.0.1", "port": "8000-8100"},
                              {"vip": "10.0.1.0/24", "port": "any", "protocol": "udp"}]})");
  ASSERT_EQ(reply.status, 200) << reply.body;
  const std::vector<config::Listener> expected = {
      {*Prefix::parse("10.0.0.1"), {8000, 8100}},
      {*Prefix::parse("10.0.1.0/24"), Ports::any(), Protocol::kUdp}};
  EXPECT_EQ(director_.live_.services.back().listeners, expected);
  const json listeners = json::parse(R"([
      {"vip": "10.0.0.1", "port": "8000-8100", "protocol": "tcp"},
      {"vip": "10.0.1.0/24", "port": "any", "protocol": "udp"}])");
  EXPECT_EQ(reply.body["service"]["listeners"], listeners);
  EXPECT_FALSE(reply.body["service"].contains("vip"));
  EXPECT_EQ(ask("GET", "/v1/services/many").body["listeners"], listeners);
  EXPECT_EQ(error(409, "PATCH", "/v1/services/many", R"({"port": 81})"),
            "service 'many' has 2 listeners; give all of its listeners");
  ASSERT_EQ(ask("PATCH", "/v1/services/many", R"({"listeners": [{"vip": "10.0.0.1", "port": 81}]})")
                .status,
            200);
  EXPECT_EQ(ask("GET", "/v1/services/many").body["port"], 81);
}

}  // namespace
}  // namespace pinion::control
