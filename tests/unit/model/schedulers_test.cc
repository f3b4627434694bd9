// SPDX-License-Identifier: Apache-2.0
#include "balancer/model/schedulers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <string>

namespace pinion {
namespace {

using Slots = std::vector<uint32_t>;

std::vector<Candidate> pool_of(const std::vector<uint32_t>& weights) {
  std::vector<Candidate> pool;
  for (uint32_t i = 0; i < weights.size(); ++i)
    pool.push_back({Address::from_v4(htonl(0x0a000001u + i)), {80}, weights[i]});
  return pool;
}

std::vector<uint32_t> random_weights(size_t count, uint32_t most) {
  std::mt19937 random(7);
  std::vector<uint32_t> weights(count);
  for (uint32_t& weight : weights) weight = std::uniform_int_distribution(1u, most)(random);
  return weights;
}

std::vector<uint32_t> counts(const Slots& slots, size_t candidates) {
  std::vector<uint32_t> count(candidates);
  for (const uint32_t position : slots) ++count.at(position);
  return count;
}

// "aabacaa"
std::string letters(const Slots& slots) {
  std::string text;
  for (const uint32_t position : slots) text += static_cast<char>('a' + position);
  return text;
}

TEST(Schedulers, AreFoundByKeyword) {
  for (const Scheduler& row : schedulers()) {
    EXPECT_EQ(find_scheduler(row.keyword), &row);
    EXPECT_FALSE(row.text.empty());
    EXPECT_TRUE(row.build({}).empty()) << row.keyword;
    EXPECT_EQ(counts(row.build(pool_of({7})), 1).size(), 1u) << row.keyword;
  }
  EXPECT_EQ(find_scheduler("wr"), nullptr);
  EXPECT_EQ(find_scheduler("mh")->selection, PINION_SELECT_HASH);
  EXPECT_EQ(find_scheduler("wrr")->selection, PINION_SELECT_TURN);
}

TEST(RoundRobin, TakesEachOnce) { EXPECT_EQ(letters(build_rr(pool_of({5, 1, 9}))), "abc"); }

// The last one is the example that nginx's commit "smooth weighted round-robin balancing" gives.
TEST(WeightedRoundRobin, Interleaves) {
  EXPECT_EQ(letters(build_wrr(pool_of({1, 1, 1}))), "abc");
  EXPECT_EQ(letters(build_wrr(pool_of({10, 10}))), "ab");
  EXPECT_EQ(letters(build_wrr(pool_of({2, 4}))), "bab");
  EXPECT_EQ(letters(build_wrr(pool_of({5, 1, 1}))), "aabacaa");
}

// nginx's own loop, in the plainest form.
Slots smooth(const std::vector<uint32_t>& weights) {
  const int64_t sum = std::accumulate(weights.begin(), weights.end(), int64_t{0});
  std::vector<int64_t> current(weights.size());
  Slots slots;
  for (int64_t turn = 0; turn < sum; ++turn) {
    for (size_t i = 0; i < weights.size(); ++i) current[i] += weights[i];
    const auto most = std::max_element(current.begin(), current.end());
    *most -= sum;
    slots.push_back(static_cast<uint32_t>(most - current.begin()));
  }
  return slots;
}

TEST(WeightedRoundRobin, IsNginxs) {
  for (const uint32_t most : {2u, 5u, 30u}) {
    auto weights = random_weights(40, most);
    weights.push_back(1);
    EXPECT_EQ(build_wrr(pool_of(weights)), smooth(weights)) << "weights up to " << most;
  }
}

TEST(WeightedRoundRobin, IsBoundedWhateverTheWeights) {
  std::vector<std::vector<uint32_t>> cases = {
      {65535, 65534}, {65535, 1}, random_weights(100, 65535), random_weights(5000, 65535)};
  cases.push_back(std::vector<uint32_t>(3000, 65535));
  cases.back()[0] = 1;
  for (const auto& weights : cases) {
    const Slots slots = build_wrr(pool_of(weights));
    const size_t most = std::max<size_t>(8192, 4 * weights.size());
    EXPECT_LE(slots.size(), most);
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    const auto count = counts(slots, weights.size());
    for (size_t i = 0; i < weights.size(); ++i) {
      ASSERT_GE(count[i], 1u);
      ASSERT_NEAR(count[i], weights[i] / sum * static_cast<double>(slots.size()), 2.0) << i;
    }
  }
}

TEST(Maglev, HasOneOfThreeSizes) {
  EXPECT_EQ(build_mh(pool_of({1})).size(), 16381u);
  EXPECT_EQ(build_mh(pool_of(std::vector<uint32_t>(163, 1))).size(), 16381u);
  EXPECT_EQ(build_mh(pool_of(std::vector<uint32_t>(164, 1))).size(), 65537u);
  EXPECT_EQ(build_mh(pool_of(std::vector<uint32_t>(656, 1))).size(), 131071u);
  EXPECT_EQ(build_mh(pool_of(std::vector<uint32_t>(131080, 1))).size(), 131071u);
}

TEST(Maglev, DoesNotDependOnTheOrder) {
  const auto pool = pool_of(random_weights(50, 20));
  const Slots slots = build_mh(pool);
  std::vector<uint32_t> order(pool.size());
  std::iota(order.begin(), order.end(), 0u);
  std::shuffle(order.begin(), order.end(), std::mt19937(3));
  std::vector<Candidate> shuffled;
  for (const uint32_t position : order) shuffled.push_back(pool[position]);
  Slots same = build_mh(shuffled);
  for (uint32_t& position : same) position = order[position];
  EXPECT_EQ(same, slots);
}

// Directors of different versions share flows: a change of the tables moves them all, and is to be
// made on purpose. The digest is FNV-1a.
TEST(Maglev, IsTheSameInEveryVersion) {
  const Slots slots = build_mh({{{*Address::parse("10.0.0.1"), {80}, 1},
                                 {*Address::parse("2001:db8::2"), {80}, 2},
                                 {*Address::parse("10.0.0.3"), {81}, 65535}}});
  uint64_t digest = 0xcbf29ce484222325;
  for (const uint32_t position : slots) digest = (digest ^ position) * 0x100000001b3;
  EXPECT_EQ(digest, 2771135111449597730u);
}

struct Disruption {
  double average = 0;
  double most = 0;
};

// How many of the other candidates' slots change hands where one candidate is removed; each in
// turn.
Disruption measure(const std::vector<Candidate>& pool) {
  const Slots before = build_mh(pool);
  Disruption disruption;
  for (uint32_t removed = 0; removed < pool.size(); ++removed) {
    auto rest = pool;
    rest.erase(rest.begin() + removed);
    const Slots after = build_mh(rest);
    EXPECT_EQ(after.size(), before.size());
    size_t others = 0;
    size_t moved = 0;
    for (size_t i = 0; i < before.size(); ++i) {
      if (before[i] == removed) continue;
      ++others;
      moved += after[i] + (after[i] >= removed ? 1 : 0) != before[i];
    }
    const double share = static_cast<double>(moved) / static_cast<double>(others);
    disruption.average += share / static_cast<double>(pool.size());
    disruption.most = std::max(disruption.most, share);
  }
  return disruption;
}

TEST(Maglev, RemovingOneOfAHundredMovesFewOthers) {
  const std::pair<const char*, std::vector<uint32_t>> cases[] = {
      {"unweighted", std::vector<uint32_t>(100, 1)},
      {"weights 1 to 10", random_weights(100, 10)},
      {"weights 1 to 100", random_weights(100, 100)},
  };
  for (const auto& [name, weights] : cases) {
    const Disruption disruption = measure(pool_of(weights));
    std::printf("%s: %.2f %% of the others' slots move, %.2f %% at most\n", name,
                100 * disruption.average, 100 * disruption.most);
    EXPECT_LE(disruption.most, 0.02) << name;
    EXPECT_GT(disruption.average, 0) << name;
  }
}

TEST(Maglev, SharesSlotsByWeight) {
  const std::vector<uint32_t> cases[] = {std::vector<uint32_t>(3, 1), std::vector<uint32_t>(100, 9),
                                         random_weights(100, 10), random_weights(160, 100),
                                         random_weights(600, 100)};
  for (const auto& weights : cases) {
    const Slots slots = build_mh(pool_of(weights));
    const auto count = counts(slots, weights.size());
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    double worst = 0;
    for (size_t i = 0; i < weights.size(); ++i) {
      const double fair = weights[i] / sum * static_cast<double>(slots.size());
      worst = std::max(worst, std::abs(count[i] - fair));
    }
    std::printf("%zu candidates: %.2f slots off the fair share at most\n", weights.size(), worst);
    EXPECT_LT(worst, 2);
  }
}

TEST(Maglev, GivesEveryoneASlot) {
  auto weights = std::vector<uint32_t>(100, 1);
  weights[50] = 65535;
  const auto count = counts(build_mh(pool_of(weights)), weights.size());
  EXPECT_GE(*std::min_element(count.begin(), count.end()), 1u);
  EXPECT_GT(count[50], 16000u);
}

}  // namespace
}  // namespace pinion
