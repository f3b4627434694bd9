// SPDX-License-Identifier: Apache-2.0
// What real servers' entries say of how they are told of clients, and what the program is to know.
#include <gtest/gtest.h>

#include <vector>

#include "balancer/model/model.h"
#include "tests/unit/model/simulated_maps.h"

namespace pinion {
namespace {

class ClientAddressTest : public testing::Test {
 protected:
  void configure(const config::Service& service) {
    auto configured = model_.configure(config_of({service}));
    ASSERT_TRUE(configured) << configured.error().message();
    maps_.apply(*configured);
  }
  const ModelServer& server(size_t i) { return model_.services().at("web")->servers.at(i); }
  const pinion_real_server& entry(size_t i) { return maps_.servers[server(i).index]; }

  static config::Service web() {
    auto made = service("web", 80, {{address(1), 1}, {address(2), 1}});
    made.forward = config::Forward::kFullNat;
    made.client_address = config::ClientAddress::kProxy;
    made.servers[1].client_address = config::ClientAddress::kToa;
    return made;
  }

  Model model_{kSmall};
  SimulatedMaps maps_{kSmall};
};

TEST_F(ClientAddressTest, IsTheServersOwnOrTheServices) {
  configure(web());
  EXPECT_EQ(entry(0).client_address, PINION_CLIENT_PROXY);
  EXPECT_EQ(entry(1).client_address, PINION_CLIENT_TOA);
  EXPECT_EQ(model_.features().tcp, uint32_t{PINION_TCP_TOA | PINION_TCP_PROXY});
}

TEST_F(ClientAddressTest, NobodyIsToldByDefault) {
  auto silent = web();
  silent.client_address = config::ClientAddress::kNone;
  silent.servers.resize(1);
  configure(silent);
  EXPECT_EQ(entry(0).client_address, PINION_CLIENT_NONE);
  EXPECT_EQ(model_.features().tcp, 0u);
}

// Connections that began so go on so, and want the program's help.
TEST_F(ClientAddressTest, AServerThatIsNoLongerToldIsTheSameAndRemembersIt) {
  configure(web());
  const uint32_t index = server(0).index, leaving = server(1).index;
  auto silent = web();
  silent.client_address = config::ClientAddress::kNone;
  silent.servers.resize(1);
  configure(silent);
  EXPECT_EQ(server(0).index, index);
  EXPECT_EQ(entry(0).client_address, PINION_CLIENT_NONE);
  EXPECT_TRUE(entry(0).flags & PINION_SERVER_PROXY);
  EXPECT_EQ(model_.features().tcp, uint32_t{PINION_TCP_TOA | PINION_TCP_PROXY});
  maps_.apply(model_.release(std::vector{leaving}));
  EXPECT_EQ(model_.features().tcp, uint32_t{PINION_TCP_PROXY});
}

TEST_F(ClientAddressTest, AnMssIsOfMethodsThatPassBothWays) {
  auto clamped = web();
  clamped.mss = config::kMssAuto;
  clamped.servers[0].forward = config::Forward::kNat;
  clamped.servers[0].client_address = clamped.servers[1].client_address =
      config::ClientAddress::kNone;
  configure(clamped);
  EXPECT_EQ(entry(0).mss, PINION_MSS_AUTO);
  EXPECT_EQ(entry(1).mss, PINION_MSS_AUTO);
  EXPECT_EQ(model_.features().tcp, uint32_t{PINION_TCP_MSS});
  clamped.mss = 1300;
  configure(clamped);
  EXPECT_EQ(entry(0).mss, 1300);
  clamped.mss = config::kMssOff;
  configure(clamped);
  EXPECT_EQ(model_.features().tcp, 0u);
}

}  // namespace
}  // namespace pinion
