// SPDX-License-Identifier: Apache-2.0
// Which entry a new connection takes: every combination of what may stand in the two buckets.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "tests/unit/bpf/native_table.h"

namespace pinion::test {
namespace {

constexpr uint32_t kNow = 100'000;
constexpr size_t kEntries = 2 * PINION_WAYS;  // The first bucket's, then the second's.

enum Kind { kFree, kClaimed, kLive, kExpired, kYoung, kOld, kKindCount };
using Kinds = std::array<Kind, kEntries>;

struct Content {
  uint8_t state;
  uint32_t idle;
};

// Free ones have an age too, that of what stood there; it must not count.
Content content_of(Kind kind, size_t at) {
  switch (kind) {
    case kFree:
      return {PINION_STATE_FREE, static_cast<uint32_t>(at * 1000)};
    case kClaimed:
      return {PINION_STATE_CLAIMED, 50'000};
    case kLive:
      return {PINION_STATE_ESTABLISHED, kEstablishedTimeout};
    case kExpired:
      return {PINION_STATE_ESTABLISHED, kEstablishedTimeout + 1};
    case kYoung:
      return {PINION_STATE_SYN_RECEIVED, 1};
    default:
      return {PINION_STATE_PICKED_UP, kSynTimeout + 1};
  }
}

bool available(Kind kind) { return kind == kFree || kind == kExpired; }

template <typename Family>
class BucketPair {
 public:
  void put(size_t at, Kind kind) {
    const Content content = content_of(kind, at);
    entry(at).connection = {.word = 0x700u | content.state, .seen = kNow - content.idle};
  }

  std::optional<size_t> place() {
    const auto* taken =
        pinion_place({&pair_[0], &pair_[1]}, Family::kShape, kNow, &settings_).connection;
    for (size_t at = 0; at < kEntries; ++at)
      if (taken == &entry(at).connection) return at;
    EXPECT_EQ(taken, nullptr) << "a place outside of both buckets";
    return std::nullopt;
  }

 private:
  typename Family::Entry& entry(size_t at) {
    return pair_[at / PINION_WAYS].entry[at % PINION_WAYS];
  }

  std::array<typename Family::Bucket, 2> pair_{};
  const pinion_settings settings_ = make_settings(1);
};

// What the table promises, without regard to how it ranks.
bool is_right(const Kinds& kinds, std::optional<size_t> taken) {
  const auto count = [&](size_t bucket, auto&& like) {
    const auto from = kinds.begin() + static_cast<long>(bucket * PINION_WAYS);
    return std::count_if(from, from + PINION_WAYS, like);
  };
  const auto is = [](Kind wanted) { return [wanted](Kind kind) { return kind == wanted; }; };
  const auto everywhere = [&](auto&& like) { return count(0, like) + count(1, like); };
  const auto open = [](Kind kind) { return kind == kYoung || kind == kOld; };

  if (!taken) return everywhere(available) + everywhere(open) == 0;
  const Kind kind = kinds[*taken];
  const size_t bucket = *taken / PINION_WAYS;
  const auto begin = kinds.begin() + static_cast<long>(bucket * PINION_WAYS);
  if (std::find(begin, kinds.end(), kind) != kinds.begin() + static_cast<long>(*taken))
    return false;  // Not the first of its kind in the bucket.
  switch (kind) {
    case kYoung:
      return everywhere(available) + everywhere(is(kOld)) == 0;
    case kOld:
      return everywhere(available) == 0;
    case kExpired:
      if (count(bucket, is(kFree))) return false;
      break;
    case kFree:
      break;
    default:
      return false;
  }
  const auto here = count(bucket, available), there = count(1 - bucket, available);
  if (bucket == 0) return here >= PINION_WAYS - 1 || here >= there;
  return there < PINION_WAYS - 1 && here >= there;
}

template <typename Family>
class Victims : public testing::Test {};

using Families = testing::Types<Ipv4, Ipv6>;
TYPED_TEST_SUITE(Victims, Families);

TYPED_TEST(Victims, EveryCombinationInABucketPair) {
  BucketPair<TypeParam> pair;
  Kinds kinds{};
  for (size_t at = 0; at < kEntries; ++at) pair.put(at, kinds[at]);
  for (size_t digit = 0; digit < kEntries;) {
    ASSERT_TRUE(is_right(kinds, pair.place())) << testing::PrintToString(kinds);
    // The next combination: an odometer of kinds.
    for (digit = 0; digit < kEntries; ++digit) {
      kinds[digit] = static_cast<Kind>((kinds[digit] + 1) % kKindCount);
      pair.put(digit, kinds[digit]);
      if (kinds[digit] != kFree) break;
    }
  }
}

TYPED_TEST(Victims, AFreeEntryGoesBeforeAnExpiredOneInBucketsOtherwiseAlike) {
  BucketPair<TypeParam> pair;
  for (size_t at = 0; at < kEntries; ++at) pair.put(at, kLive);
  pair.put(1, kExpired);
  pair.put(6, kFree);
  EXPECT_EQ(pair.place(), 6u);
}

TYPED_TEST(Victims, TheOldestHalfOpenOneOfTheTwoBuckets) {
  BucketPair<TypeParam> pair;
  for (size_t at = 0; at < kEntries; ++at) pair.put(at, kYoung);
  pair.put(5, kOld);
  EXPECT_EQ(pair.place(), 5u);
}

TYPED_TEST(Victims, AFullTableIsLeftAsItIs) {
  NativeTable<TypeParam> table(1, 1, 4);
  for (auto& bucket : table.buckets())
    for (auto& entry : bucket.entry)
      entry.connection = {.word = 0x300u | PINION_STATE_ESTABLISHED, .seen = kNow};
  const auto before = table.buckets();
  for (uint32_t number = 0; number < 1000; ++number)
    EXPECT_FALSE(
        table.insert(numbered_flow<TypeParam>(number), 0, PINION_STATE_SYN_RECEIVED, kNow).done);
  EXPECT_EQ(std::memcmp(before.data(), table.buckets().data(), before.size() * sizeof(before[0])),
            0);
  EXPECT_EQ(table.load[0].active + table.load[0].inactive, 0u);
}

struct Fit {
  uint8_t state;
  uint32_t timeout;
  bool evictable;  // Before its timeout.
};

class EachState : public testing::TestWithParam<Fit> {
 protected:
  bool claimed(uint32_t idle) {
    pinion_entry4 entry{};
    entry.connection = {.word = 0x500u | GetParam().state, .seen = kNow - idle, .server = 9};
    pinion_found claim{};
    uint8_t displaced = 0xff;
    if (!pinion_claim({&entry.connection, 1}, kNow, &settings_, &claim, &displaced)) {
      EXPECT_EQ(entry.connection.word, 0x500u | GetParam().state) << "refused, and changed";
      return false;
    }
    EXPECT_EQ(displaced, GetParam().state);
    EXPECT_EQ(claim.link.server, 9u);
    EXPECT_EQ(entry.connection.word, 0x600u | PINION_STATE_CLAIMED);
    return true;
  }

  const pinion_settings settings_ = make_settings(1);
};

// Somebody was faster.
TEST(Claim, WhatWasFreeIsNotTakenFromANewConnection) {
  const pinion_settings settings = make_settings(1);
  pinion_bucket4 pair[2]{};
  const pinion_vacancy seen = pinion_place({&pair[0], &pair[1]}, PINION_SHAPE4, kNow, &settings);
  ASSERT_NE(seen.connection, nullptr);
  pinion_found first{}, second{};
  uint8_t displaced;
  ASSERT_TRUE(pinion_claim(seen, kNow, &settings, &first, &displaced));
  const pinion_flow4 flow{};
  pinion_publish(&first, reinterpret_cast<const pinion_word*>(&flow), PINION_SHAPE4,
                 pinion_link_to(7), PINION_STATE_SYN_RECEIVED, kNow);
  EXPECT_FALSE(pinion_claim(seen, kNow, &settings, &second, &displaced));
  EXPECT_EQ(seen.connection->server, 7u);
  // Nor is the oldest half-open one, once it has been heard of again.
  const pinion_vacancy old{seen.connection, PINION_RANK(PINION_HALF_OPEN) + 9};
  seen.connection->seen = kNow - 9;
  EXPECT_EQ(pinion_rank(seen.connection, kNow, &settings), old.rank);
  seen.connection->seen = kNow;
  EXPECT_FALSE(pinion_claim(old, kNow, &settings, &second, &displaced));
}

TEST_P(EachState, IsClaimedWhenItMayBe) {
  EXPECT_EQ(claimed(0), GetParam().evictable);
  EXPECT_EQ(claimed(GetParam().timeout), GetParam().evictable);
  EXPECT_EQ(claimed(GetParam().timeout + 1), GetParam().state != PINION_STATE_CLAIMED);
}

TEST_P(EachState, SeenInTheFutureIsSeenJustNow) {
  EXPECT_EQ(claimed(0u - 1), GetParam().evictable);
  EXPECT_EQ(claimed(0u - 5000), GetParam().evictable);
}

const Fit kFits[] = {
    {PINION_STATE_FREE, 0, true},
    {PINION_STATE_CLAIMED, 0, false},
    {PINION_STATE_SYN_RECEIVED, kSynTimeout, true},
    {PINION_STATE_PICKED_UP, kEstablishedTimeout, true},
    {PINION_STATE_ESTABLISHED, kEstablishedTimeout, false},
    {PINION_STATE_FIN_WAIT, kFinTimeout, false},
    {PINION_STATE_CLOSED, kClosedTimeout, false},
    {PINION_STATE_UDP, kUdpTimeout, false},
};
INSTANTIATE_TEST_SUITE_P(State, EachState, testing::ValuesIn(kFits),
                         [](const auto& at) { return std::to_string(at.param.state); });

}  // namespace
}  // namespace pinion::test
