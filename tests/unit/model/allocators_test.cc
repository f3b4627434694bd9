// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "balancer/model/indices.h"
#include "balancer/model/neighbours.h"
#include "balancer/model/ranges.h"

namespace pinion {
namespace {

TEST(Indices, NeverHandOutZeroAndThenTheLongestReleased) {
  Indices indices(4);
  EXPECT_EQ(indices.allocate(), 1u);
  EXPECT_EQ(indices.allocate(), 2u);
  indices.release(2);
  indices.release(1);
  EXPECT_EQ(indices.allocate(), 3u);
  EXPECT_EQ(indices.allocate(), 2u);
  EXPECT_EQ(indices.generation(2), 2);
  EXPECT_EQ(indices.allocate(), 1u);
  EXPECT_EQ(indices.allocate(), std::nullopt);
}

TEST(Indices, GenerationsWrap) {
  Indices indices(2);
  for (int use = 1; use <= 257; ++use) {
    EXPECT_EQ(indices.allocate(), 1u);
    EXPECT_EQ(indices.generation(1), use % 256);
    indices.release(1);
  }
}

TEST(Indices, SkipWhatIsReserved) {
  Indices indices(5);
  EXPECT_TRUE(indices.reserve(2));
  EXPECT_TRUE(indices.reserve(3));
  EXPECT_FALSE(indices.reserve(3));
  EXPECT_FALSE(indices.reserve(0));
  EXPECT_FALSE(indices.reserve(5));
  indices.release(3);
  EXPECT_EQ(indices.allocate(), 1u);
  EXPECT_EQ(indices.allocate(), 3u);
  EXPECT_EQ(indices.allocate(), 4u);
  EXPECT_EQ(indices.allocate(), std::nullopt);
}

TEST(Indices, OfAnEmptyArrayAreNone) {
  EXPECT_EQ(Indices(0).allocate(), std::nullopt);
  EXPECT_EQ(Indices(1).allocate(), std::nullopt);
}

TEST(Ranges, AreFirstFitAndGrowTogetherAgain) {
  Ranges ranges(100);
  EXPECT_EQ(ranges.allocate(30), 0u);
  EXPECT_EQ(ranges.allocate(30), 30u);
  EXPECT_EQ(ranges.allocate(40), 60u);
  EXPECT_EQ(ranges.allocate(1), std::nullopt);
  for (const uint32_t base : {0u, 60u, 30u}) ranges.retire(base, base == 60 ? 40 : 30);
  for (int i = 0; i < 3; ++i) ranges.turn();
  EXPECT_EQ(ranges.longest_free(), 100u);
}

TEST(Ranges, AreFreeAfterTwoMoreChanges) {
  Ranges ranges(10);
  EXPECT_EQ(ranges.allocate(10), 0u);
  ranges.retire(0, 10);
  ranges.turn();
  EXPECT_EQ(ranges.allocate(1), std::nullopt);
  ranges.turn();
  EXPECT_EQ(ranges.allocate(1), std::nullopt);
  ranges.turn();
  EXPECT_EQ(ranges.allocate(1), 0u);
}

TEST(Ranges, AreReservedWhereFree) {
  Ranges ranges(100);
  EXPECT_TRUE(ranges.reserve(10, 20));
  EXPECT_FALSE(ranges.reserve(29, 1));
  EXPECT_FALSE(ranges.reserve(5, 6));
  EXPECT_FALSE(ranges.reserve(90, 11));
  EXPECT_FALSE(ranges.reserve(UINT32_MAX, 2));
  EXPECT_FALSE(ranges.reserve(2, UINT32_MAX));
  EXPECT_TRUE(ranges.reserve(30, 70));
  EXPECT_EQ(ranges.allocate(10), 0u);
  EXPECT_EQ(ranges.allocate(1), std::nullopt);
}

TEST(Neighbours, CopiesDoNotSeeEachOther) {
  const Address at = *Address::parse("10.0.0.1");
  const Reachability fact{.next_hop = {.destination = {{2}}}, .reachable = true};
  Neighbours one;
  one.add(at, {});
  Neighbours other = one;
  EXPECT_TRUE(other.learn(at, fact));
  EXPECT_FALSE(other.learn(at, fact));
  EXPECT_TRUE(other.find(at)->usable());
  EXPECT_FALSE(one.find(at)->usable());
  other.remove(at, {});
  EXPECT_TRUE(other.addresses().empty());
  EXPECT_EQ(one.addresses(), std::vector{at});
  EXPECT_FALSE(other.learn(at, fact)) << "no server is there";
}

}  // namespace
}  // namespace pinion
