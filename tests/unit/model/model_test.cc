// SPDX-License-Identifier: Apache-2.0
#include "balancer/model/model.h"

#include <gmock/gmock.h>

#include "tests/unit/model/simulated_maps.h"

namespace pinion {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// A model with its maps. Each change goes into both.
class ModelTest : public testing::Test {
 protected:
  void configure(std::vector<config::Service> services) {
    auto configured = model_.configure(config_of(std::move(services)));
    ASSERT_TRUE(configured) << configured.error().message();
    written(*std::move(configured));
  }
  void learn(uint32_t at, const Reachability& fact) { written(model_.learn(address(at), fact)); }
  void release(std::vector<uint32_t> indices) { written(model_.release(indices)); }

  void written(Change change) {
    change_ = std::move(change);
    maps_.apply(change_);
    maps_.check();
  }

  const ModelService& web() { return *model_.services().at("web"); }
  const pinion_real_server& entry(const ModelServer& server) { return maps_.servers[server.index]; }

  // Last digits of the addresses in the service's table.
  std::set<int> table(const ModelService& service) {
    std::set<int> pool;
    for (uint32_t i = 0; i < service.value.slot_count; ++i) {
      const uint32_t reference = maps_.slots[service.value.slot_base + i];
      pool.insert(Address::from_words(maps_.servers[PINION_INDEX(reference)].address).bytes()[15]);
    }
    return pool;
  }

  std::string refused(std::vector<config::Service> services) {
    Model next = model_;
    auto configured = next.configure(config_of(std::move(services)));
    return configured ? "not refused" : configured.error().message();
  }

  Model model_{kSmall};
  SimulatedMaps maps_{kSmall};
  Change change_;
};

TEST_F(ModelTest, WritesAllOfANewService) {
  configure({service("web", 80, {{address(1), 1}, {address(2), 0}})});
  const ModelServer& first = web().servers[0];
  EXPECT_NE(first.index, 0u);
  EXPECT_EQ(entry(first).flags, PINION_SERVER_USED | PINION_SERVER_ACCEPTS);
  EXPECT_EQ(entry(first).generation, 1);
  EXPECT_EQ(entry(first).port, 0) << "the one that packets come for";
  EXPECT_EQ(entry(first).method, PINION_METHOD_DR);
  EXPECT_EQ(entry(first).service, web().index);
  EXPECT_EQ(Address::from_words(entry(first).address), address(1));
  EXPECT_EQ(entry(web().servers[1]).flags, PINION_SERVER_USED) << "weight 0 takes no connections";
  EXPECT_THAT(table(web()), ElementsAre(1));
  EXPECT_NE(web().index, 0u);
  EXPECT_EQ(web().value.selection, PINION_SELECT_TURN);
}

TEST_F(ModelTest, TouchesOnlyWhatDiffers) {
  configure({service("web", 80, {{address(1), 1}}), service("dns", 53, {{address(1), 1}})});
  configure({service("dns", 53, {{address(1), 1}}), service("web", 80, {{address(1), 1}})});
  EXPECT_TRUE(change_.empty());
  const auto dns = model_.services().at("dns");
  configure({service("web", 80, {{address(1), 0}}), service("dns", 53, {{address(1), 1}})});
  EXPECT_EQ(change_.servers.size(), 1u);
  EXPECT_EQ(change_.services.size(), 1u);
  EXPECT_EQ(model_.services().at("dns"), dns);
}

TEST_F(ModelTest, HasNoTableWithoutServers) {
  configure({service("web", 80, {})});
  EXPECT_EQ(web().value.slot_count, 0u);
  configure({service("web", 80, {{address(1), 3}})});
  EXPECT_EQ(web().value.slot_count, 1u);
  configure({service("web", 80, {{address(1), 0}})});
  EXPECT_EQ(web().value.slot_count, 0u);
}

TEST_F(ModelTest, TakesARemovedServerBack) {
  configure({service("web", 80, {{address(1), 1}, {address(2), 1}})});
  const uint32_t index = web().servers[0].index;
  configure({service("web", 80, {{address(2), 1}})});
  EXPECT_THAT(model_.leaving(), ElementsAre(index));
  EXPECT_THAT(model_.indices(true), testing::Contains(index)) << "it has connections still";
  EXPECT_THAT(model_.indices(false), IsEmpty());
  EXPECT_EQ(maps_.servers[index].flags, PINION_SERVER_USED);
  EXPECT_TRUE(web().servers.back().leaving);
  EXPECT_THAT(table(web()), ElementsAre(2));

  configure({service("web", 80, {{address(1), 1}, {address(2), 1}})});
  EXPECT_EQ(web().servers[0].index, index);
  EXPECT_EQ(web().servers[0].generation, 1);
  EXPECT_THAT(model_.leaving(), IsEmpty());
  release({index});
  EXPECT_TRUE(change_.empty()) << "it is not leaving any more";
}

TEST_F(ModelTest, AServerWithAnotherMethodIsAnotherServer) {
  configure({service("web", 80, {{address(1), 1}})});
  learn(1, reachable(1));
  const ModelServer first = web().servers[0];
  configure({service("web", 80, {{address(1), 1, {}, config::Forward::kLocal}})});
  ASSERT_EQ(web().servers.size(), 2u);
  EXPECT_NE(web().servers[0].index, first.index);
  EXPECT_EQ(entry(web().servers[0]).method, PINION_METHOD_LOCAL);
  EXPECT_TRUE(web().servers[1].leaving);
  EXPECT_EQ(entry(first).method, PINION_METHOD_DR) << "its connections go on as they began";
  EXPECT_EQ(model_.features().methods, 1u << PINION_METHOD_DR | 1u << PINION_METHOD_LOCAL);
  release({first.index});
  EXPECT_EQ(model_.features().methods, 1u << PINION_METHOD_LOCAL);
  EXPECT_THAT(model_.addresses(), IsEmpty());
}

TEST_F(ModelTest, ALocalServerNeedsNoNextHop) {
  configure({service("web", 80, {{address(1), 1}, {address(9), 1, {}, config::Forward::kLocal}})});
  EXPECT_THAT(model_.addresses(), ElementsAre(address(1)));
  EXPECT_THAT(table(web()), ElementsAre(9)) << "the other one's is not known yet";
  EXPECT_TRUE(model_.reachable(web().servers[1]));
  EXPECT_EQ(entry(web().servers[1]).flags,
            PINION_SERVER_USED | PINION_SERVER_ACCEPTS | PINION_SERVER_HERE);
  learn(1, reachable(1));
  EXPECT_THAT(table(web()), ElementsAre(1, 9));
}

TEST_F(ModelTest, ATunnelComesFromTheDirectorsAddressTowardsTheServer) {
  auto web_by_tun = service("web", 80, {{address(1), 1}});
  web_by_tun.forward = config::Forward::kTunnel;
  web_by_tun.tunnel = {config::TunnelType::kGue, {6081}, true, {}};
  configure({web_by_tun});
  Reachability fact = reachable(1);
  fact.source = address(2);
  learn(1, fact);
  const pinion_real_server written = entry(web().servers[0]);
  EXPECT_EQ(written.method, PINION_METHOD_TUN);
  EXPECT_EQ(written.tunnel, PINION_TUNNEL_GUE);
  EXPECT_EQ(written.tunnel_port, htons(6081));
  EXPECT_EQ(written.tunnel_flags, PINION_TUNNEL_CHECKSUM);
  EXPECT_EQ(Address::from_words(written.tunnel_source), address(2));
  EXPECT_EQ(written.source_bits, 0);
  // A fact that knows none keeps the last one, as with the next hop.
  learn(1, reachable(1, false));
  EXPECT_EQ(Address::from_words(entry(web().servers[0]).tunnel_source), address(2));
}

TEST_F(ModelTest, ATunnelsSourceIsWhatTheConfigurationSays) {
  auto web_by_tun = service("web", 80, {{address(1), 1}, {address(2), 1}});
  web_by_tun.forward = config::Forward::kTunnel;
  web_by_tun.tunnel.source = *Prefix::parse("172.16.9.9/20");
  web_by_tun.servers[1].tunnel = {config::TunnelType::kGre, {}, {}, *Prefix::parse("10.1.2.3/8")};
  configure({web_by_tun});
  for (const auto server : {uint8_t{1}, uint8_t{2}}) {
    Reachability fact = reachable(server);
    fact.source = address(200);
    learn(server, fact);
  }
  const pinion_real_server first = entry(web().servers[0]), second = entry(web().servers[1]);
  EXPECT_EQ(Address::from_words(first.tunnel_source), *Address::parse("172.16.0.0"));
  EXPECT_EQ(first.source_bits, 12);
  EXPECT_EQ(first.tunnel, PINION_TUNNEL_IPIP);
  EXPECT_EQ(Address::from_words(second.tunnel_source), *Address::parse("10.1.0.0"))
      << "the lowest 16 bits vary, no more";
  EXPECT_EQ(second.source_bits, 16);
  EXPECT_EQ(second.tunnel, PINION_TUNNEL_GRE);
}

TEST_F(ModelTest, ReusesAReleasedIndexWithAnotherGenerationAndNoNextHop) {
  const config::Limits one{.services = 4, .servers = 1, .slots = 100};
  model_ = Model(one);
  configure({service("web", 80, {{address(1), 1}})});
  learn(1, reachable(9));
  configure({service("web", 80, {})});
  EXPECT_THAT(refused({service("web", 80, {{address(2), 1}})}),
              HasSubstr("director.limits.servers"));
  release(model_.leaving());
  EXPECT_THAT(model_.addresses(), IsEmpty());
  configure({service("web", 80, {{address(2), 1}})});
  EXPECT_EQ(web().servers[0].index, 1u);
  EXPECT_EQ(entry(web().servers[0]).generation, 2);
  EXPECT_EQ(entry(web().servers[0]).next_hop[5], 0);
}

TEST_F(ModelTest, LearnsNextHops) {
  configure({service("web", 80, {{address(1), 1}}), service("dns", 53, {{address(1), 1}})});
  EXPECT_THAT(model_.addresses(), ElementsAre(address(1)));
  learn(1, reachable(7));
  EXPECT_EQ(change_.servers.size(), 2u);
  EXPECT_TRUE(change_.slots.empty());
  EXPECT_EQ(entry(web().servers[0]).next_hop[5], 7);
  EXPECT_EQ(entry(web().servers[0]).source[4], 1);
  EXPECT_EQ(entry(web().servers[0]).ifindex, 3u);
  EXPECT_EQ(entry(web().servers[0]).mtu, 1500);
  learn(1, reachable(7));
  EXPECT_TRUE(change_.empty());
  learn(5, reachable(5));
  EXPECT_TRUE(change_.empty()) << "nobody is there";
}

TEST_F(ModelTest, KeepsTheLastNextHop) {
  configure({service("web", 80, {{address(1), 1}})});
  learn(1, reachable(7));
  learn(1, {.reachable = false});
  EXPECT_EQ(entry(web().servers[0]).next_hop[5], 7);
  configure({service("web", 80, {{address(1), 1}}), service("dns", 53, {{address(1), 1}})});
  EXPECT_EQ(entry(model_.services().at("dns")->servers[0]).next_hop[5], 7);
}

TEST_F(ModelTest, LeavingServersFollowFacts) {
  configure({service("web", 80, {{address(1), 1}})});
  const uint32_t index = web().servers[0].index;
  configure({});
  learn(1, reachable(7));
  EXPECT_EQ(maps_.servers[index].next_hop[5], 7);
  EXPECT_EQ(maps_.servers[index].flags, PINION_SERVER_USED);
}

TEST_F(ModelTest, LeavesOutWhoIsNotReachableUnlessNobodyIs) {
  configure({service("web", 80, {{address(1), 1}, {address(2), 1}, {address(3), 0}})});
  EXPECT_THAT(table(web()), ElementsAre(1, 2)) << "before any fact";
  learn(1, reachable(1));
  EXPECT_THAT(table(web()), ElementsAre(1));
  learn(2, reachable(2));
  EXPECT_THAT(table(web()), ElementsAre(1, 2));
  learn(1, reachable(1, false));
  EXPECT_THAT(table(web()), ElementsAre(2));
  learn(3, reachable(3));
  learn(2, reachable(2, false));
  EXPECT_THAT(table(web()), ElementsAre(1, 2)) << "weight 0 is no alternative";
}

TEST_F(ModelTest, ANewServerWaitsForItsFact) {
  configure({service("web", 80, {{address(1), 1}})});
  learn(1, reachable(1));
  configure({service("web", 80, {{address(1), 1}, {address(2), 1}})});
  EXPECT_THAT(table(web()), ElementsAre(1));
  learn(2, reachable(2));
  EXPECT_THAT(table(web()), ElementsAre(1, 2));
}

TEST_F(ModelTest, BuildsATableOnceForManyFacts) {
  configure({service("web", 80, {{address(1), 1}, {address(2), 1}, {address(3), 1}})});
  const Model::Fact facts[] = {{address(1), reachable(1)}, {address(3), reachable(3)}};
  written(model_.learn(facts));
  EXPECT_EQ(change_.slots.size(), 1u);
  EXPECT_EQ(change_.servers.size(), 2u);
  EXPECT_THAT(table(web()), ElementsAre(1, 3));
}

TEST_F(ModelTest, ARemovedServicesServersComeBackWithIt) {
  configure({service("web", 80, {{address(1), 1}, {address(2), 1}})});
  learn(1, reachable(1));
  const uint32_t first = web().servers[0].index;
  const uint32_t second = web().servers[1].index;
  configure({});
  EXPECT_THAT(maps_.services, IsEmpty());
  EXPECT_THAT(model_.leaving(), UnorderedElementsAre(first, second));
  EXPECT_THAT(model_.addresses(), UnorderedElementsAre(address(1), address(2)));
  EXPECT_EQ(maps_.servers[first].service, 0u);

  configure({service("web", 80, {{address(2), 1}})});
  EXPECT_EQ(web().servers[0].index, second);
  EXPECT_THAT(model_.leaving(), ElementsAre(first));
  EXPECT_EQ(maps_.servers[first].service, web().index);
  release({first});
  EXPECT_EQ(maps_.servers[first].flags, 0);
  EXPECT_EQ(maps_.servers[first].generation, 1);
}

TEST_F(ModelTest, ARenamedServiceIsTheSame) {
  configure({service("web", 80, {{address(1), 1}}), service("dns", 53, {{address(2), 1}})});
  configure({service("dns", 80, {{address(1), 1}}), service("web", 53, {{address(2), 1}})});
  EXPECT_TRUE(change_.empty());
  EXPECT_EQ(port_of(web().config), Port{53});
}

TEST_F(ModelTest, AnotherPortIsAnotherService) {
  configure({service("web", 80, {{address(1), 1}})});
  const uint32_t old = web().servers[0].index;
  configure({service("web", 81, {{address(1), 1}})});
  EXPECT_NE(web().servers[0].index, old);
  EXPECT_THAT(model_.leaving(), ElementsAre(old));
  EXPECT_EQ(maps_.services.size(), 1u);
  EXPECT_EQ(maps_.servers[old].flags, PINION_SERVER_USED) << "its connections are to the old one";
}

TEST_F(ModelTest, AnotherSchedulerIsAnotherTable) {
  configure({service("web", 80, {{address(1), 1}, {address(2), 3}}, "rr")});
  const auto before = web();
  configure({service("web", 80, {{address(1), 1}, {address(2), 3}}, "wrr")});
  EXPECT_TRUE(change_.servers.empty());
  EXPECT_EQ(web().index, before.index);
  EXPECT_EQ(web().value.slot_count, 4u);
  EXPECT_NE(web().value.slot_base, before.value.slot_base);
}

TEST_F(ModelTest, NamesTheLimitThatIsReached) {
  std::vector<config::Service> services;
  for (uint16_t port = 1; port <= 17; ++port)
    services.push_back(service(std::to_string(port), port, {}));
  EXPECT_THAT(refused(services), HasSubstr("director.limits.services, which is 16"));
  std::vector<config::Server> servers;
  for (uint32_t i = 1; i <= 65; ++i) servers.push_back({address(i), 1});
  EXPECT_THAT(
      refused({service("web", 80, servers)}),
      HasSubstr("service \"web\": no room for server 10.0.0.65: raise director.limits.servers"));
  EXPECT_THAT(refused({service("web", 80, {{address(1), 1}}, "mh")}),
              HasSubstr("director.limits.slots, which is 4096"));
  EXPECT_THAT(refused({service("web", 80, {{address(1), 1}}, "lc")}),
              HasSubstr("no scheduler \"lc\""));
  services.pop_back();
  configure(services);
}

// The tables of 2, 1 and 2 slots leave no room, and somebody else's change brings some.
class WithoutRoom : public ModelTest {
 protected:
  void SetUp() override {
    model_ = Model({.services = 4, .servers = 16, .slots = 6});
    configure(both_);
    learn(1, reachable(1));
    learn(2, reachable(2));
    learn(1, reachable(1, false));
    EXPECT_TRUE(change_.slots.empty());
    EXPECT_EQ(change_.servers.size(), 1u) << "it is marked as unreachable all the same";
    EXPECT_THAT(table(web()), ElementsAre(1, 2));
  }

  std::vector<config::Service> both_ = {
      service("dns", 53, {{address(3), 1}}),
      service("web", 80, {{address(1), 1}, {address(2), 1}}, "rr")};
};

TEST_F(WithoutRoom, ALaterFactMakesUpForTheTable) {
  learn(3, reachable(4));
  EXPECT_THAT(table(web()), ElementsAre(2));
}

TEST_F(WithoutRoom, ALaterReleaseMakesUpForTheTable) {
  release({});
  EXPECT_THAT(table(web()), ElementsAre(2));
}

TEST_F(WithoutRoom, ALaterConfigurationMakesUpForTheTable) {
  configure(both_);
  EXPECT_THAT(table(web()), ElementsAre(2));
}

TEST_F(ModelTest, ARemovedServiceLeavesItsSlotsAndIndicesToOthers) {
  model_ = Model({.services = 1, .servers = 1, .slots = 4});
  for (int i = 0; i < 20; ++i) {
    configure({service("web", 80, {{address(1), 1}})});
    configure({});
    release(model_.leaving());
    EXPECT_EQ(change_.servers.size(), 1u);
  }
}

TEST_F(ModelTest, ACopyIsIndependent) {
  configure({service("web", 80, {{address(1), 1}})});
  Model copy = model_;
  const Change change = copy.learn(address(1), reachable(1));
  EXPECT_FALSE(change.empty());
  EXPECT_EQ(web().servers[0].entry.next_hop[5], 0);
  learn(1, reachable(2));
  EXPECT_EQ(entry(web().servers[0]).next_hop[5], 2);
}

}  // namespace
}  // namespace pinion
