// SPDX-License-Identifier: Apache-2.0
// What a configuration needs of the program, which a start asks before there is a model.
#include "balancer/model/features.h"

#include <gtest/gtest.h>

#include "balancer/model/model.h"
#include "tests/unit/model/simulated_maps.h"

namespace pinion {
namespace {

config::Service by(config::Forward forward) {
  auto made = service("web", 80, {{address(1), 1}});
  made.forward = forward;
  return made;
}

// Both ways to the answer: the configuration's, and that of the model which has been given it.
Features both(const config::Service& service) {
  Model model(kSmall);
  EXPECT_TRUE(model.configure(config_of({service})));
  const Features asked = features_of({service});
  EXPECT_EQ(model.features(), asked);
  return asked;
}

TEST(Features, HaveTheMethodOfEachServer) {
  auto mixed = by(config::Forward::kDirectRouting);
  mixed.servers.push_back({address(2), 1});
  mixed.servers[1].forward = config::Forward::kLocal;
  EXPECT_EQ(both(mixed).methods, 1u << PINION_METHOD_DR | 1u << PINION_METHOD_LOCAL);
  EXPECT_EQ(features_of(std::vector<config::Service>{}), Features());
}

TEST(Features, HaveNat64OnlyForIpv6ClientsOfIpv4Servers) {
  auto full = by(config::Forward::kFullNat);
  EXPECT_FALSE(both(full).crosses);
  full.listeners[0].vip = *Prefix::parse("fd00::80/128");
  EXPECT_TRUE(both(full).crosses);
  full.servers[0].address = *Address::parse("fd00::1");
  EXPECT_FALSE(both(full).crosses);
}

TEST(Features, HaveWhatIsDoneToTcp) {
  auto full = by(config::Forward::kFullNat);
  EXPECT_EQ(both(full).tcp, 0u);
  full.mss = 1300;
  full.client_address = config::ClientAddress::kToa;
  EXPECT_EQ(both(full).tcp, uint32_t{PINION_TCP_MSS | PINION_TCP_TOA});
  full.servers[0].client_address = config::ClientAddress::kProxy;
  EXPECT_EQ(both(full).tcp, uint32_t{PINION_TCP_MSS | PINION_TCP_PROXY});
}

TEST(Features, HaveRoutedRepliesAndListeners) {
  auto nat = by(config::Forward::kNat);
  EXPECT_FALSE(both(nat).routed);
  EXPECT_EQ(both(nat).listeners, 0u);
  nat.replies = config::Return::kRouted;
  nat.listeners[0].vip = *Prefix::parse("192.0.2.0/28");
  EXPECT_TRUE(both(nat).routed);
  EXPECT_NE(both(nat).listeners, 0u);
}

}  // namespace
}  // namespace pinion
