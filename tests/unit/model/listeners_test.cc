// SPDX-License-Identifier: Apache-2.0
// Services with several keys, and keys that several services ask for.
#include <gmock/gmock.h>

#include <random>

#include "tests/unit/model/simulated_maps.h"

namespace pinion {
namespace {

using testing::IsEmpty;

config::Listener listener(std::string_view text) { return *config::parse_listener(text); }

config::Service with(std::string name, std::vector<std::string_view> listeners) {
  config::Service made = service(std::move(name), 80, {{address(1), 1}, {address(2), 1}});
  made.listeners.clear();
  for (const std::string_view text : listeners) made.listeners.push_back(listener(text));
  return made;
}

std::vector<std::string> texts(const std::vector<ServiceKey>& keys) {
  std::vector<std::string> result;
  for (const ServiceKey& key : keys) result.push_back(to_string(key));
  return result;
}

TEST(Keys, AreAsManyAsTheListenersNeed) {
  const auto keys = keys_of({with("web", {"10.0.0.1:80", "10.0.0.1:8000-8100/udp", "10.0.0.2:any",
                                          "10.1.0.0/16:53-54/udp", "10.2.0.0/16:any"})});
  EXPECT_THAT(texts(keys.front()),
              testing::UnorderedElementsAre(
                  "10.0.0.1:80/tcp", "10.0.0.2:any/tcp", "10.0.0.1:8000-8063/udp",
                  "10.0.0.1:8064-8095/udp", "10.0.0.1:8096-8099/udp", "10.0.0.1:8100/udp",
                  "10.1.0.0/16:53/udp", "10.1.0.0/16:54/udp", "10.2.0.0/16:any/tcp"));
  EXPECT_EQ(maps_of(keys.front()), PINION_LISTEN_RANGES | PINION_LISTEN_PREFIXES);
  EXPECT_EQ(maps_of(keys_of({with("web", {"10.0.0.1:80"})}).front()), 0u);
}

// Whatever ranges are inside each other: the longest prefix is the narrowest range's.
TEST(Keys, LeadEachPortToTheNarrowestRange) {
  std::mt19937 random(1);
  const auto below = [&](uint32_t bound) {
    return std::uniform_int_distribution<uint32_t>(0, bound - 1)(random);
  };
  for (int round = 0; round < 200; ++round) {
    std::vector<config::Service> services;
    Ports ports{1, 65535};
    while (ports.count() > 2 && services.size() < 6) {
      services.push_back(with(std::to_string(services.size()), {}));
      services.back().listeners = {{*Prefix::parse("10.0.0.1"), ports}};
      const uint32_t less = below(2) ? 1 : 1 + below(ports.count() / 2);
      const uint32_t from = below(less + 1);
      ports = {static_cast<uint16_t>(ports.first + from),
               static_cast<uint16_t>(ports.last - (less - from))};
    }
    const auto keys = keys_of(services);
    for (int probe = 0; probe < 300; ++probe) {
      const auto port = static_cast<uint16_t>(1 + below(65535));
      size_t narrowest = 0, found = 0;
      int most_bits = -1;
      for (size_t i = 0; i < services.size(); ++i) {
        const Ports& own = services[i].listeners[0].ports;
        if (own.first <= port && port <= own.last) narrowest = i;
        for (const ServiceKey& key : keys[i]) {
          const bool matches =
              key.bits == 0 || (port ^ Port::from_be(key.key.port).value) >> (16 - key.bits) == 0;
          if (matches && key.bits > most_bits) most_bits = key.bits, found = i;
        }
      }
      ASSERT_EQ(found, narrowest) << port;
    }
  }
}

class Listeners : public testing::Test {
 protected:
  void configure(std::vector<config::Service> services) {
    const Config config = config_of(std::move(services));
    auto change = model_.configure(config);
    ASSERT_TRUE(change) << change.error().message();
    change_ = *std::move(change);
    maps_.apply(change_);
    maps_.check();
    EXPECT_TRUE(Model(model_).configure(config)->empty());
  }
  const ModelService& at(const std::string& name) { return *model_.services().at(name); }
  // Whose each key in the maps is, by its index.
  std::map<std::string, uint32_t> owners() {
    std::map<std::string, uint32_t> result;
    for (const auto& [key, value] : maps_.services) result[to_string(key)] = value.index;
    return result;
  }

  Model model_{kSmall};
  SimulatedMaps maps_{kSmall};
  Change change_;
};

TEST_F(Listeners, AFactFlipsEveryKey) {
  configure({with("web", {"10.0.0.9:80", "10.0.0.9:8000-8001", "10.9.0.0/16:any"})});
  EXPECT_EQ(maps_.services.size(), 3u);
  const Change change = model_.learn(address(1), reachable(1));
  EXPECT_EQ(change.services.size(), 3u);
  maps_.apply(change);
  maps_.check();
}

TEST_F(Listeners, ComeAndGoWithoutAnotherService) {
  configure({with("web", {"10.0.0.9:80"})});
  const ModelService before = at("web");
  configure({with("web", {"10.0.0.9:443", "10.0.0.9:80"})});
  EXPECT_TRUE(change_.servers.empty()) << "they are the same servers";
  EXPECT_EQ(change_.services.size(), 1u) << "only the new key is written";
  EXPECT_EQ(at("web").index, before.index);
  configure({with("web", {"10.0.0.9:443"})});
  EXPECT_EQ(at("web").index, before.index);
  EXPECT_EQ(maps_.services.size(), 1u);
  EXPECT_THAT(model_.leaving(), IsEmpty());
}

TEST_F(Listeners, ANarrowerOneTakesAKeyAndGivesItBack) {
  const auto wide = with("wide", {"10.0.0.9:8000-8040"});
  configure({wide});
  const auto alone = owners();
  const uint32_t index = at("wide").index;
  configure({with("narrow", {"10.0.0.9:8000-8031"}), wide});
  EXPECT_EQ(at("wide").index, index) << "it is not the narrow one";
  EXPECT_EQ(owners().at("10.0.0.9:8000-8031/tcp"), at("narrow").index);
  EXPECT_EQ(owners().at("10.0.0.9:8032-8039/tcp"), index);
  for (const auto& flip : change_.services) EXPECT_TRUE(flip.after) << "nothing is without one";
  configure({wide});
  EXPECT_EQ(owners(), alone);
  for (const auto& flip : change_.services) EXPECT_TRUE(flip.after);
}

TEST_F(Listeners, OneThatIsHiddenWhollyIsStillTheSame) {
  const std::vector services = {with("wide", {"10.0.0.9:8000-8047"}),
                                with("a", {"10.0.0.9:8000-8031"}),
                                with("b", {"10.0.0.9:8032-8047"})};
  configure(services);
  EXPECT_THAT(at("wide").keys, IsEmpty());
  configure({services[0], services[1]});
  EXPECT_EQ(owners().at("10.0.0.9:8032-8047/tcp"), at("wide").index);
}

TEST_F(Listeners, AKeyMovesToAnotherServiceInOneFlip) {
  configure({with("a", {"10.0.0.9:80", "10.0.0.9:81"}), with("b", {"10.0.0.9:82"})});
  configure({with("a", {"10.0.0.9:80"}), with("b", {"10.0.0.9:82", "10.0.0.9:81"})});
  ASSERT_EQ(change_.services.size(), 1u);
  EXPECT_EQ(change_.services[0].before->index, at("a").index);
  EXPECT_EQ(change_.services[0].after->index, at("b").index);
}

TEST_F(Listeners, AServerAtThePortThatPacketsComeForAnywayIsTheSame) {
  auto web = with("web", {"10.0.0.9:80"});
  configure({web});
  web.servers[0].port = Port{80};
  configure({web});
  EXPECT_TRUE(change_.servers.empty());
}

TEST_F(Listeners, AreAdoptedAsOneService) {
  const auto web = with("web", {"10.0.0.9:80", "10.0.0.9:any/udp"});
  configure({web});
  const uint32_t index = at("web").index, server = at("web").servers[0].index;
  maps_.forget_replaced();
  Model next(kSmall);
  ASSERT_TRUE(next.adopt(maps_.adopted()));
  model_ = next;
  configure({web});
  EXPECT_EQ(at("web").index, index);
  EXPECT_EQ(at("web").servers[0].index, server);
  EXPECT_EQ(change_.services.size(), 2u) << "all of them are written";
}

// A daemon was killed when it had flipped one key of two.
TEST_F(Listeners, AreAdoptedHalfFlipped) {
  const auto web = with("web", {"10.0.0.9:80", "10.0.0.9:any/udp"});
  configure({web});
  const SimulatedMaps before = maps_;
  auto other = web;
  other.servers.push_back({address(3), 5});
  configure({other});
  maps_.services.begin()->second = before.services.begin()->second;
  maps_.forget_replaced();
  Model next(kSmall);
  ASSERT_TRUE(next.adopt(maps_.adopted()));
  model_ = next;
  auto change = model_.configure(config_of({other}));
  ASSERT_TRUE(change);
  for (const auto& flip : change->services) maps_.services[flip.key] = *flip.after;
  for (const auto& [key, value] : maps_.services)
    EXPECT_TRUE(same_bytes(value, at("web").value)) << to_string(key);
}

}  // namespace
}  // namespace pinion
