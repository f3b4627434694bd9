// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "config/yaml/save.h"
#include "tests/unit/config/fixtures.h"
#include "tests/unit/config/random_config.h"

namespace pinion::config {
namespace {

std::vector<std::string> lines(const Config& from, const Config& to) {
  std::vector<std::string> result;
  for (const Difference& difference : diff(from, to))
    result.push_back(difference.path + ": " + difference.from + " -> " + difference.to);
  return result;
}

TEST(Diff, OfEqualsIsEmpty) { EXPECT_TRUE(diff(sound_config(), sound_config()).empty()); }

TEST(Diff, NamesKeysAndListElements) {
  const Config from = sound_config();
  Config to = from;
  to.director.xdp = XdpMode::kGeneric;
  to.director.interfaces = {"eth0", "eth1"};
  to.director.timeouts.syn = std::chrono::seconds(5);
  to.vips[0].label = "3";
  to.host_routes = {{prefix("10.9.0.1"), {}, "eth0", 5}};
  to.services[0].scheduler = "rr";
  to.services[0].servers[1].weight = 7;
  to.services[0].servers.push_back({address("10.0.0.13"), 1});
  EXPECT_THAT(
      lines(from, to),
      testing::ElementsAre(
          "director.interfaces: [eth0] -> [eth0, eth1]", "director.xdp: auto -> generic",
          "director.timeouts.syn: 30s -> 5s", "vips[10.0.0.100].label:  -> 3",
          "host_routes[10.9.0.1/32 metric 5]:  -> {to: 10.9.0.1/32, interface: eth0, "
          "metric: 5}",
          "services[web].scheduler: mh -> rr", "services[web].servers[10.0.0.12].weight: 2 -> 7",
          "services[web].servers[10.0.0.13]:  -> {address: 10.0.0.13}"));
}

TEST(Diff, KnowsServicesByName) {
  Config from = sound_config();
  from.services.push_back(from.services[0]);
  from.services[1].name = "other";
  Config to = from;
  to.services.erase(to.services.begin());
  EXPECT_THAT(lines(from, to),
              testing::ElementsAre(
                  "services[web]: {name: web, vip: 10.0.0.100, port: 80, servers: [{address: "
                  "10.0.0.11}, {address: 10.0.0.12, weight: 2}]} -> "));
}

TEST(Diff, TellsAnotherOrder) {
  const Config from = sound_config();
  Config to = from;
  std::reverse(to.services[0].servers.begin(), to.services[0].servers.end());
  EXPECT_THAT(
      lines(from, to),
      testing::ElementsAre("services[web].servers: 10.0.0.11, 10.0.0.12 -> 10.0.0.12, 10.0.0.11"));
}

TEST(Diff, IsEmptyOnlyForEquals) {
  std::mt19937 random(2);
  Config before = random_config(random);
  for (int i = 0; i < 500; ++i) {
    const Config after = random_config(random);
    EXPECT_TRUE(diff(after, after).empty());
    ASSERT_EQ(diff(before, after).empty(), before == after) << to_yaml(before) << to_yaml(after);
    before = after;
  }
}

}  // namespace
}  // namespace pinion::config
