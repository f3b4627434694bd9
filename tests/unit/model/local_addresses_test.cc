// SPDX-License-Identifier: Apache-2.0
#include "balancer/model/local_addresses.h"

#include <gmock/gmock.h>

#include "tests/unit/model/simulated_maps.h"

namespace pinion {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Config with(std::vector<config::LocalAddress> addresses) {
  Config config = config_of({});
  config.director.local_addresses = std::move(addresses);
  return config;
}

config::LocalAddress local(uint32_t number) { return {address(number), "eth0"}; }
const config::LocalAddress kIpv6 = {*Address::parse("fd00::1"), "eth0"};

class LocalAddresses : public testing::Test {
 protected:
  void configure(std::vector<config::LocalAddress> addresses) {
    auto change = model_.configure(with(std::move(addresses)));
    ASSERT_TRUE(change) << change.error().message();
    maps_.apply(*change);
  }
  std::vector<int> pool4() const {
    return {maps_.local.pool4, maps_.local.pool4 + maps_.local.count4};
  }
  std::vector<int> pool6() const {
    return {maps_.local.pool6, maps_.local.pool6 + maps_.local.count6};
  }
  Address at(size_t number) const { return Address::from_words(maps_.local.address[number]); }

  Model model_{kSmall};
  SimulatedMaps maps_{kSmall};
};

TEST_F(LocalAddresses, WhoWantsNoneChangesNothing) {
  auto change = model_.configure(with({}));
  ASSERT_TRUE(change);
  EXPECT_TRUE(change->empty());
}

TEST_F(LocalAddresses, HaveNumbersAndPoolsByFamily) {
  configure({local(1), kIpv6, local(2)});
  EXPECT_THAT(pool4(), ElementsAre(1, 3));
  EXPECT_THAT(pool6(), ElementsAre(2));
  EXPECT_EQ(at(1), address(1));
  EXPECT_EQ(at(2), kIpv6.address);
  EXPECT_EQ(at(3), address(2));
  EXPECT_EQ(maps_.local.first_port, 1024u);
  EXPECT_EQ(maps_.local.first_port + maps_.local.ports, 65536u);
  auto again = model_.configure(with({local(1), kIpv6, local(2)}));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->empty());
}

TEST_F(LocalAddresses, KeepTheirNumbersWhenTheyLeave) {
  configure({local(1), local(2)});
  configure({local(2), local(3)});
  EXPECT_THAT(pool4(), ElementsAre(2, 3));
  EXPECT_EQ(at(1), address(1));
  configure({local(3), local(1)});
  EXPECT_THAT(pool4(), ElementsAre(3, 1));
  configure({});
  EXPECT_THAT(pool4(), ElementsAre());
  EXPECT_EQ(at(3), address(3));
}

TEST_F(LocalAddresses, KeepTheirNumbersOverARestart) {
  configure({local(1), local(2)});
  configure({local(2)});
  Model next(kSmall);
  ASSERT_TRUE(next.adopt(maps_.adopted()));
  auto change = next.configure(with({local(2), local(1), local(3)}));
  ASSERT_TRUE(change);
  maps_.apply(*change);
  EXPECT_THAT(pool4(), ElementsAre(2, 1, 3));
}

TEST_F(LocalAddresses, AreRefusedWhenAllNumbersAreGiven) {
  for (uint32_t number = 1; number < PINION_LOCAL_ADDRESSES; ++number) configure({local(number)});
  configure({local(7)});
  EXPECT_THAT(pool4(), ElementsAre(7));
  const auto refused = model_.configure(with({local(1000)}));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("no number is left for 10.0.3.232"));
}

}  // namespace
}  // namespace pinion
