// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "tests/unit/model/simulated_maps.h"

namespace pinion {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const auto kWeb = service("web", 80, {{address(1), 1}, {address(2), 1}});
const auto kDns = service("dns", 53, {{address(3), 1}});

// What a daemon that served these two leaves behind.
class Adopt : public testing::Test {
 protected:
  Adopt() {
    Model old(kSmall);
    maps_.apply(*old.configure(config_of({kWeb, kDns})));
    maps_.apply(old.learn(address(1), reachable(1)));
    maps_.apply(old.learn(address(2), reachable(2)));
    before_ = old;
    maps_.forget_replaced();
  }

  void start(const Config& config) {
    ASSERT_TRUE(model_.adopt(maps_.adopted()));
    auto change = model_.configure(config);
    ASSERT_TRUE(change) << change.error().message();
    change_ = *std::move(change);
    maps_.apply(change_);
    maps_.check();
  }

  uint32_t index_of(const Model& model, const std::string& name, size_t server) {
    return model.services().at(name)->servers[server].index;
  }

  SimulatedMaps maps_{kSmall};
  Model before_{kSmall};
  Model model_{kSmall};
  Change change_;
};

TEST_F(Adopt, KeepsIndicesAndNextHopsAndWritesEverything) {
  start(config_of({kDns, kWeb}));
  EXPECT_EQ(index_of(model_, "web", 1), index_of(before_, "web", 1));
  EXPECT_EQ(model_.services().at("dns")->index, before_.services().at("dns")->index);
  EXPECT_EQ(maps_.servers[index_of(model_, "web", 1)].next_hop[5], 2);
  EXPECT_EQ(change_.servers.size(), 3u);
  EXPECT_EQ(change_.slots.size(), 2u);
  EXPECT_EQ(change_.services.size(), 2u);
  EXPECT_THAT(model_.leaving(), IsEmpty());
  EXPECT_TRUE(model_.configure(config_of({kDns, kWeb}))->empty());
}

// An upgrade that makes the maps of services anew tells their keys and indices, and no tables.
TEST_F(Adopt, ServicesWithoutTablesStayWhatTheyAre) {
  Adopted adopted = maps_.adopted();
  for (auto& [key, value] : adopted.services) value = {.index = value.index};
  ASSERT_TRUE(model_.adopt(adopted));
  const auto change = model_.configure(config_of({kDns, kWeb}));
  ASSERT_TRUE(change) << change.error().message();
  for (const char* name : {"web", "dns"})
    EXPECT_EQ(model_.services().at(name)->index, before_.services().at(name)->index);
  EXPECT_EQ(index_of(model_, "web", 1), index_of(before_, "web", 1));
  EXPECT_THAT(model_.leaving(), IsEmpty());
  EXPECT_EQ(change->slots.size(), 2u);
  for (const Change::Service& flip : change->services) EXPECT_NE(flip.after->slot_count, 0u);
}

TEST_F(Adopt, KeepsTheSourceOfATunnel) {
  auto by_tun = service("tunnel", 90, {{address(4), 1}});
  by_tun.forward = config::Forward::kTunnel;
  Reachability fact = reachable(4);
  fact.source = address(200);
  Model old(kSmall);
  maps_ = SimulatedMaps(kSmall);
  maps_.apply(*old.configure(config_of({by_tun})));
  maps_.apply(old.learn(address(4), fact));
  maps_.forget_replaced();
  start(config_of({by_tun}));
  EXPECT_EQ(Address::from_words(maps_.servers[index_of(model_, "tunnel", 0)].tunnel_source),
            address(200));
}

TEST_F(Adopt, WhatIsNotConfiguredIsLeaving) {
  auto web = kWeb;
  web.servers.erase(web.servers.begin());
  start(config_of({web}));
  EXPECT_THAT(model_.leaving(), testing::UnorderedElementsAre(index_of(before_, "web", 0),
                                                              index_of(before_, "dns", 0)));
  EXPECT_EQ(maps_.services.size(), 1u);
  EXPECT_EQ(maps_.servers[index_of(before_, "dns", 0)].service, 0u);
  EXPECT_THAT(model_.addresses(), testing::Contains(address(3)));
  maps_.apply(model_.release(model_.leaving()));
  EXPECT_THAT(model_.leaving(), IsEmpty());
}

TEST_F(Adopt, ATableThatOnlyTheMapsHaveIsReplaced) {
  start(config_of({service("web", 80, {}, "mh"), kDns}));
  EXPECT_EQ(maps_.services.at(key_of(kWeb)).slot_count, 0u);
}

TEST_F(Adopt, ServersOfUnknownServicesAreLeaving) {
  maps_.services.erase(key_of(kDns));
  start(config_of({kWeb, kDns}));
  EXPECT_THAT(model_.leaving(), ElementsAre(index_of(before_, "dns", 0)));
  EXPECT_THAT(model_.indices(true), testing::Contains(index_of(before_, "dns", 0)));
  EXPECT_NE(index_of(model_, "dns", 0), index_of(before_, "dns", 0));
}

TEST_F(Adopt, FactsBeforeTheConfigurationAreKnownAfterIt) {
  ASSERT_TRUE(model_.adopt(maps_.adopted()));
  EXPECT_TRUE(model_.learn(address(2), reachable(9, false)).empty());
  EXPECT_THAT(model_.leaving(), IsEmpty()) << "not yet known";
  EXPECT_TRUE(model_.release(std::vector{index_of(before_, "web", 0)}).empty());
  auto change = model_.configure(config_of({kWeb, kDns}));
  ASSERT_TRUE(change);
  maps_.apply(*change);
  EXPECT_EQ(maps_.servers[index_of(model_, "web", 1)].next_hop[5], 9);
  EXPECT_EQ(model_.services().at("web")->value.slot_count, 1u) << "one of two is reachable";
}

TEST_F(Adopt, GenerationsGoOnFromTheMaps) {
  maps_.servers[60].generation = 255;
  const config::Limits limits = kSmall;
  start(config_of({}));
  std::vector<config::Server> servers;
  for (uint32_t i = 10; i < 10 + limits.servers - 3; ++i) servers.push_back({address(i), 1});
  const auto full = service("full", 99, servers);
  ASSERT_TRUE(model_.configure(config_of({full})));
  for (const ModelServer& server : model_.services().at("full")->servers)
    EXPECT_EQ(server.generation, server.index == 60 ? 0 : 1);
}

struct Contradiction {
  const char* name;
  void (*make)(Adopted&);
  const char* says;
};

class Contradicts : public testing::TestWithParam<Contradiction> {};

TEST_P(Contradicts, IsRefused) {
  Model old(kSmall);
  SimulatedMaps maps(kSmall);
  maps.apply(*old.configure(config_of({kWeb, kDns})));
  Adopted adopted = maps.adopted();
  GetParam().make(adopted);
  const auto done = Model(kSmall).adopt(adopted);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message(), HasSubstr(GetParam().says));
}

const Contradiction kContradictions[] = {
    {"IndexZero", [](Adopted& a) { a.services[0].second.index = 0; },
     "its index 0 is 0, or beyond"},
    {"IndexBeyond", [](Adopted& a) { a.services[0].second.index = 17; },
     "director.limits.services, 16"},
    {"SlotsOverlap",
     [](Adopted& a) { a.services[0].second.slot_base = a.services[1].second.slot_base; },
     "are another service's too"},
    {"SlotsBeyond", [](Adopted& a) { a.services[0].second.slot_base = 4096; },
     "director.limits.slots, 4096"},
    {"SlotsWrap", [](Adopted& a) { a.services[0].second.slot_count = UINT32_MAX; },
     "director.limits.slots, 4096"},
    {"ServiceTwice",
     [](Adopted& a) {
       a.services.push_back({a.services[0].first, {.index = 9}});
     },
     "it is there twice"},
    {"ServerZero", [](Adopted& a) { a.servers[0].flags = PINION_SERVER_USED; }, "its index 0 is 0"},
    {"ServerBeyond",
     [](Adopted& a) {
       a.servers.resize(66);
       a.servers[65].flags = PINION_SERVER_USED;
     },
     "director.limits.servers, 64"},
};

INSTANTIATE_TEST_SUITE_P(Maps, Contradicts, testing::ValuesIn(kContradictions),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace pinion
