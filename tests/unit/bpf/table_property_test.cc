// SPDX-License-Identifier: Apache-2.0
// Random operations on the connection table, and the same on a std::unordered_map.
#include <gtest/gtest.h>

#include <iostream>
#include <unordered_map>

#include "tests/unit/bpf/native_table.h"

namespace pinion::test {
namespace {

constexpr uint32_t kServers = 50;

template <typename Family>
class TableProperty : public testing::Test {
 protected:
  struct Known {
    uint32_t server;
    uint8_t state;
    uint32_t seen;
  };

  uint32_t below(uint32_t bound) { return std::uniform_int_distribution(0u, bound - 1)(random_); }

  uint8_t random_state() {
    return static_cast<uint8_t>(PINION_STATE_SYN_RECEIVED + below(PINION_STATE_COUNT - 2));
  }

  bool expired(const Known& known) const {
    return now_ - known.seen > table_.settings.timeout[known.state];
  }

  // The flow is found exactly if the map has it, with the same server and state.
  bool find(const std::string& key, const typename Family::Flow& flow, pinion_found& found) {
    const auto known = map_.find(key);
    const bool there = table_.find(flow, found);
    EXPECT_EQ(there, known != map_.end());
    if (!there || known == map_.end()) return false;
    EXPECT_EQ(found.link.server, known->second.server);
    EXPECT_EQ(pinion_state_of(found.word), known->second.state);
    return true;
  }

  void insert(const std::string& key, const typename Family::Flow& flow) {
    const Known fresh{below(kServers), random_state(), now_};
    const auto inserted = table_.insert(flow, fresh.server, fresh.state, now_);
    if (!inserted.done) {
      ++refused_;
      return;
    }
    if (inserted.displaced != PINION_STATE_FREE) {
      const auto victim = map_.find(key_of(inserted.displaced_flow));
      ASSERT_NE(victim, map_.end());
      ASSERT_EQ(victim->second.state, inserted.displaced);
      ASSERT_TRUE(expired(victim->second) || inserted.displaced == PINION_STATE_SYN_RECEIVED ||
                  inserted.displaced == PINION_STATE_PICKED_UP);
      map_.erase(victim);
      ++displaced_;
    }
    map_[key] = fresh;
  }

  void change(const std::string& key, const pinion_found& found) {
    switch (below(4)) {
      case 0:
        EXPECT_TRUE(table_.end(found));
        EXPECT_FALSE(table_.end(found)) << "ended twice";
        map_.erase(key);
        break;
      case 1:
        PINION_STORE(found.connection->seen, now_);
        map_[key].seen = now_;
        break;
      default:
        const uint8_t state = random_state();
        table_.move(found, state);
        map_[key].state = state;
    }
  }

  void sweep() {
    const size_t expected = std::erase_if(map_, [&](const auto& at) { return expired(at.second); });
    EXPECT_EQ(table_.sweep(now_), expected);
  }

  void step() {
    const auto flow = numbered_flow<Family>(below(600));
    const std::string key = key_of(flow);
    pinion_found found;
    if (find(key, flow, found))
      change(key, found);
    else
      insert(key, flow);
    now_ += below(4) == 0;
    if (below(2000) == 0) now_ += below(2 * kEstablishedTimeout);
    if (below(500) == 0) sweep();
  }

  void check_all() {
    for (uint32_t number = 0; number < 600; ++number) {
      const auto flow = numbered_flow<Family>(number);
      pinion_found found;
      find(key_of(flow), flow, found);
    }
    EXPECT_EQ(pairs(table_.load), pairs(table_.recount()));
  }

  const uint32_t seed_ = std::random_device{}();
  std::mt19937 random_{seed_};
  // Fewer places than flows, and a clock that wraps on the way.
  NativeTable<Family> table_{256 / (Family::kShape.group * PINION_WAYS), kServers, seed_};
  std::unordered_map<std::string, Known> map_;
  uint32_t now_ = 0u - 2000;
  size_t refused_ = 0;
  size_t displaced_ = 0;
};

using Families = testing::Types<Ipv4, Ipv6>;
TYPED_TEST_SUITE(TableProperty, Families);

TYPED_TEST(TableProperty, AgreesWithAnUnorderedMap) {
  std::cout << "seed " << this->seed_ << "\n";
  for (int i = 0; i < 100'000 && !this->HasFailure(); ++i) {
    this->step();
    if (i % 1000 == 0) this->check_all();
  }
  this->check_all();
  EXPECT_GT(this->refused_, 0u) << "the table was never full";
  EXPECT_GT(this->displaced_, 0u) << "no victim was ever taken";
}

}  // namespace
}  // namespace pinion::test
