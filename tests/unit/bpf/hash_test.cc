// SPDX-License-Identifier: Apache-2.0
#include "balancer/bpf/lib/hash.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <set>
#include <vector>

#include "tests/unit/bpf/native_table.h"

namespace pinion::test {
namespace {

using Words = std::vector<__u64>;

uint32_t hash_of(const Words& words, const uint64_t* seed) {
  std::array<__u64, 11> coefficients;
  std::copy(seed, seed + 11, coefficients.begin());
  return pinion_hash(words.data(), static_cast<int>(words.size()), coefficients.data());
}

struct Value {
  Words words;
  uint32_t hash;
};

// From an implementation in Python, with integers of any length, of the formula in hash.h.
TEST(Hash, KnownValues) {
  const __u64 ones = ~__u64{0};
  const Value values[] = {
      {{0, 0}, 0x2c360376},
      {{1, 2}, 0x5fa30824},
      {{0x0102030405060708, 0x1112131415161718}, 0x8f36ae0b},
      {{ones, ones}, 0xecb5b2ec},
      {{0, 0, 0, 0, 0}, 0xf26b8531},
      {{1, 2, 3, 4, 5}, 0x186c3d21},
      {{ones, ones, ones, ones, ones}, 0x89983df5},
  };
  for (const Value& value : values)
    EXPECT_EQ(
        pinion_hash(value.words.data(), static_cast<int>(value.words.size()), pinion_slot_seed),
        value.hash);
}

// Each coefficient counts, and each bit of the flow.
TEST(Hash, DependsOnEverySeedAndEveryBit) {
  std::array<uint64_t, 11> seed;
  std::mt19937_64 random(3);
  for (auto& coefficient : seed) coefficient = random();
  Words words = {random(), random(), random(), random(), random()};
  std::set<uint32_t> seen = {hash_of(words, seed.data())};
  for (auto& coefficient : seed) {
    coefficient ^= uint64_t{1} << 40;
    EXPECT_TRUE(seen.insert(hash_of(words, seed.data())).second);
  }
  for (int bit = 0; bit < 5 * 64; ++bit) {
    words[static_cast<size_t>(bit / 64)] ^= __u64{1} << bit % 64;
    EXPECT_TRUE(seen.insert(hash_of(words, seed.data())).second) << "bit " << bit;
  }
}

TEST(Spread, CoversTheRangeAndNoMore) {
  EXPECT_EQ(pinion_spread(0, 7), 0u);
  EXPECT_EQ(pinion_spread(0xffffffff, 7), 6u);
  EXPECT_EQ(pinion_spread(0xffffffff, 1), 0u);
  EXPECT_EQ(pinion_spread(0xffffffff, 0xffffffff), 0xfffffffeu);
  for (uint32_t place = 0; place < 7; ++place)
    EXPECT_EQ(pinion_spread(static_cast<uint32_t>((place * 2 + 1) * (1ull << 32) / 14), 7), place);
}

// The chi-square statistic over its degrees of freedom: 1 for random keys, far above for bad ones.
double unevenness(uint32_t keys, uint32_t places, const std::function<uint32_t(uint32_t)>& place) {
  std::vector<uint32_t> counts(places);
  for (uint32_t key = 0; key < keys; ++key) ++counts.at(place(key));
  const double expected = static_cast<double>(keys) / places;
  double sum = 0;
  for (const uint32_t count : counts) sum += (count - expected) * (count - expected) / expected;
  return sum / (places - 1);
}

// Five standard deviations above what chance does.
double tolerable(uint32_t places) { return 1 + 5 * std::sqrt(2.0 / (places - 1)); }

enum class Keys { kPorts, kClients, kClientsOfASubnet, kBoth };

struct Structure {
  const char* name;
  Keys keys;
};

class Distribution : public testing::TestWithParam<Structure> {
 protected:
  static constexpr uint32_t kKeys = 60'000;

  template <typename Family>
  static typename Family::Flow flow(uint32_t key) {
    switch (GetParam().keys) {
      case Keys::kPorts:
        return Family::flow(0xc0a80001, static_cast<uint16_t>(key));
      case Keys::kClients:
        return Family::flow(htonl_of(0x0a000000 + key), 0x1234);
      case Keys::kClientsOfASubnet:  // Addresses that differ in their last bytes on the wire only.
        return Family::flow(0x0a000000 + (key << 16), 0x1234);
      default:
        return Family::flow(htonl_of(0x0a000000 + key % 250), static_cast<uint16_t>(key / 250));
    }
  }

  static uint32_t htonl_of(uint32_t value) { return __builtin_bswap32(value); }

  template <typename Family>
  static uint32_t hash(uint32_t key, const __u64* seed) {
    const auto one = flow<Family>(key);
    return pinion_hash(reinterpret_cast<const pinion_word*>(&one),
                       static_cast<int>(Family::kShape.words), seed);
  }

  // Over many drawn seeds: no unlucky one may send many flows to the same buckets.
  // Over many draws of coefficients: no unlucky one may send many flows to the same buckets.
  template <typename Family>
  static void check_table() {
    const uint32_t groups = 64, buckets = groups * Family::kShape.group;
    for (uint64_t draw = 1; draw <= 40; ++draw) {
      const pinion_settings settings = make_settings(draw);
      const auto bucket = [&](uint32_t key) {
        return pinion_choose(hash<Family>(key, settings.seed), groups, Family::kShape).first;
      };
      EXPECT_LT(unevenness(kKeys, buckets, bucket), tolerable(buckets)) << "draw " << draw;
    }
  }

  template <typename Family>
  static void check_slots() {
    for (const uint32_t slots : {2u, 3u, 10u, 100u, 1009u, 4096u}) {
      const auto slot = [&](uint32_t key) {
        return pinion_spread(hash<Family>(key, pinion_slot_seed), slots);
      };
      EXPECT_LT(unevenness(kKeys, slots, slot), tolerable(slots)) << slots << " slots";
    }
  }
};

TEST_P(Distribution, OverBuckets) {
  check_table<Ipv4>();
  check_table<Ipv6>();
}

TEST_P(Distribution, OverSlots) {
  check_slots<Ipv4>();
  check_slots<Ipv6>();
}

const Structure kStructures[] = {{"Ports", Keys::kPorts},
                                 {"Clients", Keys::kClients},
                                 {"ClientsOfASubnet", Keys::kClientsOfASubnet},
                                 {"ClientsAndPorts", Keys::kBoth}};
INSTANTIATE_TEST_SUITE_P(Of, Distribution, testing::ValuesIn(kStructures),
                         [](const auto& at) { return at.param.name; });

TEST(Choice, TwoDifferentBucketsOfOneGroup) {
  std::mt19937 random(9);
  for (const pinion_shape shape : {Ipv4::kShape, Ipv6::kShape})
    for (const uint32_t groups : {1u, 2u, 3u, 1000u, 1u << 20}) {
      for (int i = 0; i < 10'000; ++i) {
        const auto choice = pinion_choose(static_cast<uint32_t>(random()), groups, shape);
        ASSERT_NE(choice.first, choice.second);
        ASSERT_EQ(choice.first / shape.group, choice.second / shape.group);
        ASSERT_LT(choice.first / shape.group, groups);
      }
    }
}

}  // namespace
}  // namespace pinion::test
