// SPDX-License-Identifier: Apache-2.0
// Random sequences of everything that can happen to a model, against the simulated maps.
#include <random>

#include "tests/unit/model/simulated_maps.h"

namespace pinion {
namespace {

struct Case {
  unsigned seed;
  config::Limits limits;
  bool roomy;  // There is always room, so nothing may be refused or put off.
};

constexpr config::Limits kRoomy{.services = 10, .servers = 200, .slots = 2000};
constexpr config::Limits kTight{.services = 7, .servers = 28, .slots = 60};

class Sequence : public testing::TestWithParam<Case> {
 protected:
  uint32_t below(uint32_t bound) { return std::uniform_int_distribution(0u, bound - 1)(random_); }

  config::Service random_service(uint32_t number) {
    // Few names, keys, and addresses, so that all of them meet again in other combinations.
    std::set<uint32_t> addresses;
    for (uint32_t i = below(6); i > 0; --i) addresses.insert(1 + below(12));
    std::vector<config::Server> servers;
    for (const uint32_t at : addresses) servers.push_back({address(at), below(4)});
    std::shuffle(servers.begin(), servers.end(), random_);
    auto made = service(std::to_string(number), static_cast<uint16_t>(80 + number), servers,
                        below(2) ? "wrr" : "rr");
    if (number % 2)  // Its own range is inside of those with smaller numbers.
      made.listeners.push_back(
          {made.listeners[0].vip, {static_cast<uint16_t>(8000 + number), 8079}});
    return made;
  }

  void change_config() {
    auto& services = config_.services;
    if (services.size() < 7 && below(2)) {
      const auto added = random_service(below(8));
      const auto clashes = [&](const config::Service& other) {
        return other.name == added.name || other.listeners == added.listeners;
      };
      if (std::none_of(services.begin(), services.end(), clashes)) services.push_back(added);
    }
    if (services.empty() || below(2)) return;
    auto& one = services[below(static_cast<uint32_t>(services.size()))];
    switch (below(5)) {
      case 0:
        std::swap(one.name, services.front().name);
        break;
      case 1:
        std::swap(one.listeners, services.front().listeners);
        break;
      case 2:
        one.servers = random_service(0).servers;
        break;
      case 3:
        one.scheduler = below(2) ? "wrr" : "rr";
        break;
      case 4:
        services.erase(services.begin() + (&one - services.data()));
        break;
    }
  }

  void configure() {
    const Config before = config_;
    change_config();
    Model next = model_;
    auto change = next.configure(config_);
    if (!change) {
      // Slots may be short while replaced tables hold theirs; nothing has happened then.
      EXPECT_NE(change.error().message().find("director.limits."), std::string::npos);
      ++refused_;
      config_ = before;
      return;
    }
    ++configured_;
    if (below(4) == 0) {
      const SimulatedMaps was = maps_;
      maps_.apply(*change);
      maps_.undo(*change);
      EXPECT_TRUE(std::equal(was.servers.begin(), was.servers.end(), maps_.servers.begin(),
                             same_bytes<pinion_real_server>));
      EXPECT_TRUE(std::equal(was.services.begin(), was.services.end(), maps_.services.begin(),
                             maps_.services.end(), [](const auto& a, const auto& b) {
                               return a.first == b.first && same_bytes(a.second, b.second);
                             }));
      maps_ = was;
      config_ = before;
      return;
    }
    maps_.apply(*change);
    model_ = std::move(next);
    if (GetParam().roomy) {
      EXPECT_TRUE(Model(model_).configure(config_)->empty());
    }
  }

  void learn() {
    const auto at = address(1 + below(12));
    auto fact = reachable(static_cast<uint8_t>(below(4)), below(3) != 0);
    if (below(5) == 0) fact.next_hop = {};
    maps_.apply(model_.learn(at, fact));
    has_mac_[at] |= !fact.next_hop.destination.is_zero();
    answers_[at] = fact.reachable;
  }

  // What is known of addresses that no server is at any more is forgotten.
  void forget() {
    const auto kept = model_.addresses();
    const std::set<Address> addresses(kept.begin(), kept.end());
    EXPECT_EQ(addresses.size(), kept.size());
    const auto is_gone = [&](const auto& known) { return !addresses.contains(known.first); };
    std::erase_if(has_mac_, is_gone);
    std::erase_if(answers_, is_gone);
  }

  // The servers that the service's table must have in it.
  std::set<Address> expected_pool(const ModelService& service) {
    std::set<Address> accepting, usable;
    for (const config::Server& server : service.config.servers) {
      if (server.weight == 0) continue;
      accepting.insert(server.address);
      if (has_mac_[server.address] && answers_[server.address]) usable.insert(server.address);
    }
    return usable.empty() ? accepting : usable;
  }

  std::set<Address> actual_pool(const pinion_service& value) {
    std::set<Address> pool;
    for (uint32_t i = 0; i < value.slot_count; ++i)
      pool.insert(Address::from_words(
          maps_.servers[PINION_INDEX(maps_.slots[value.slot_base + i])].address));
    return pool;
  }

  void release() {
    auto leaving = model_.leaving();
    std::shuffle(leaving.begin(), leaving.end(), random_);
    if (!leaving.empty()) leaving.resize(below(static_cast<uint32_t>(leaving.size()) + 1));
    leaving.push_back(below(GetParam().limits.servers));  // Most of these are not leaving.
    const bool was_live = is_live(leaving.back());
    maps_.apply(model_.release(leaving));
    EXPECT_EQ(is_live(leaving.back()), was_live);
  }

  bool is_live(uint32_t index) { return maps_.servers[index].flags & PINION_SERVER_ACCEPTS; }

  void restart() {
    const SimulatedMaps was = maps_;
    Model next(GetParam().limits);
    ASSERT_TRUE(next.adopt(was.adopted()));
    EXPECT_TRUE(next.leaving().empty());
    auto change = next.configure(config_);
    if (!change) return;
    for (const auto& [name, service] : next.services()) {
      const auto& old = model_.services().at(name);
      EXPECT_EQ(service->index, old->index);
      for (size_t i = 0; i < service->config.servers.size(); ++i) {
        EXPECT_EQ(service->servers[i].index, old->servers[i].index);
        EXPECT_EQ(service->servers[i].generation, old->servers[i].generation);
        EXPECT_EQ(
            std::memcmp(service->servers[i].entry.next_hop, old->servers[i].entry.next_hop, 6), 0);
      }
    }
    ++restarted_;
    maps_.forget_replaced();
    maps_.apply(*change);
    model_ = std::move(next);
    for (const Address& at : model_.addresses()) answers_[at] = has_mac_[at];
  }

  // The model and the maps say the same.
  void compare() {
    std::set<uint32_t> used;
    size_t keys = 0;
    for (const auto& [name, service] : model_.services()) {
      ASSERT_EQ(service->config.name, name);
      keys += service->keys.size();
      for (const ServiceKey& key : service->keys)
        ASSERT_TRUE(same_bytes(service->value, maps_.services.at(key))) << to_string(key);
      if (GetParam().roomy) {
        ASSERT_EQ(actual_pool(service->value), expected_pool(*service));
      }
      for (const ModelServer& server : service->servers) {
        ASSERT_TRUE(used.insert(server.index).second) << "an index is shared";
        ASSERT_TRUE(same_bytes(server.entry, maps_.servers[server.index]));
      }
    }
    ASSERT_EQ(keys, maps_.services.size());
    for (const uint32_t index : model_.leaving()) used.insert(index);
    for (uint32_t index = 0; index <= GetParam().limits.servers; ++index)
      ASSERT_EQ(bool(maps_.servers[index].flags & PINION_SERVER_USED), used.contains(index))
          << index;
  }

  std::mt19937 random_{GetParam().seed};
  Model model_{GetParam().limits};
  SimulatedMaps maps_{GetParam().limits};
  Config config_;
  std::map<Address, bool> has_mac_;
  std::map<Address, bool> answers_;
  int configured_ = 0;
  int refused_ = 0;
  int restarted_ = 0;
};

TEST_P(Sequence, KeepsTheInvariants) {
  SCOPED_TRACE("seed " + std::to_string(GetParam().seed));
  for (int step = 0; step < 4000 && !HasFailure(); ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    const uint32_t what = below(100);
    if (what < 45) {
      configure();
    } else if (what < 80) {
      learn();
    } else if (what < 98) {
      release();
    } else {
      restart();
    }
    forget();
    ASSERT_NO_FATAL_FAILURE(maps_.check());
    ASSERT_NO_FATAL_FAILURE(compare());
  }
  std::printf("seed %u: %d configured, %d refused, %d restarts, %ld changes\n", GetParam().seed,
              configured_, refused_, restarted_, maps_.changes);
  EXPECT_GT(configured_, 500);
  EXPECT_EQ(refused_ == 0, GetParam().roomy);
  EXPECT_GT(restarted_, 10);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Sequence,
                         testing::Values(Case{1, kRoomy, true}, Case{2, kRoomy, true},
                                         Case{3, kRoomy, true}, Case{4, kTight, false},
                                         Case{5, kTight, false}));

}  // namespace
}  // namespace pinion
