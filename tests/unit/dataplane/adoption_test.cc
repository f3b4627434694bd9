// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/adoption.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>
#include <vector>

#include "tests/unit/dataplane/former_plane.h"

namespace pinion {
namespace {

using testing::Each;
using testing::IsEmpty;
using testing::Not;

using AdoptionTest = FormerPlane;

TEST_F(AdoptionTest, IsNoUpgradeWhereNothingDiffers) {
  const auto next = load_again();
  ASSERT_DONE(next);
  EXPECT_TRUE(next->adopted());
  EXPECT_FALSE(next->upgrades());
}

TEST_F(AdoptionTest, RefusesWhatCarriesConnectionsInALayoutThatItDoesNotKnow) {
  for (const Plan& plan : plans()) {
    if (family_of(plan).fate != Fate::kCarried || plan.family == PINION_FAMILY_SETTINGS) continue;
    const uint32_t bytes = info_of(pinned(plan.map)).value_size;
    resize_values(plan.map, bytes + 8);
    refused({"map " + std::string(plan.map) + " ", "has values of " + std::to_string(bytes + 8) +
                                                       " bytes instead of " +
                                                       std::to_string(bytes)});
    resize_values(plan.map, bytes);
  }
  ASSERT_DONE(load_again());
}

TEST_F(AdoptionTest, RefusesAnotherTypeOtherKeysAndOtherFlags) {
  exchange("real_servers", [](bpf_map_info& like) { like.map_flags = 0; });
  refused({"map real_servers ", "has flags 0 instead of 0x400"});
  exchange("real_servers", [](bpf_map_info& like) {
    like.map_flags = 0;
    like.type = BPF_MAP_TYPE_HASH;
  });
  refused({"map real_servers ", "has type 1 instead of 2"});
  exchange("real_servers", [](bpf_map_info& like) {
    like.map_flags = BPF_F_MMAPABLE;
    like.type = BPF_MAP_TYPE_ARRAY;
  });
  exchange("last_hop_numbers", [](bpf_map_info& like) { like.key_size = 16; });
  refused({"map last_hop_numbers ", "has keys of 16 bytes instead of 24"});
}

TEST_F(AdoptionTest, RefusesVersionsThatItDoesNotKnow) {
  for (const Plan& plan : plans()) {
    if (family_of(plan).fate != Fate::kCarried || plan.family == PINION_FAMILY_SETTINGS) continue;
    const uint32_t version = family_of(plan).version;
    set_version(plan.family, 99);
    refused({"has layout 99, this daemon " + std::to_string(version)});
    set_version(plan.family, version);
  }
}

TEST_F(AdoptionTest, MakesAFamilyThatThereWasNot) {
  set_version(PINION_FAMILY_LAST_HOPS, 0);
  pins_->remove("last_hops");
  refused({"map last_hop_numbers ", "has layout 0, this daemon 1"});
  pins_->remove("last_hop_numbers");
  auto next = load_again();
  ASSERT_DONE(next);
  ASSERT_DONE(next->pin(*pins_));
  EXPECT_EQ(settings().version[PINION_FAMILY_LAST_HOPS], 1u);
  EXPECT_TRUE(pinned("last_hops"));
}

TEST_F(AdoptionTest, RefusesALastReleaseThatIsNone) {
  pin_last_release();
  resize_values("load", 12);
  refused({"map load ", "has values of 12 bytes instead of 8"});
}

TEST_F(AdoptionTest, RefusesOtherSizesOfWhatItMigrates) {
  pin_last_release();
  exchange("load", [](bpf_map_info& like) { ++like.max_entries; });
  refused({"another director.limits.servers ", "map load "});
}

TEST_F(AdoptionTest, MakesAnewWhatCarriesNoConnections) {
  std::set<pinion_family> tried;
  for (const Plan& plan : plans()) {
    if (family_of(plan).fate != Fate::kRemade || !tried.insert(plan.family).second) continue;
    const auto before = pins();
    const uint32_t tick_offset = settings().tick_offset;
    set_version(plan.family, 99);
    auto next = load_again();
    ASSERT_DONE(next);
    EXPECT_TRUE(next->upgrades()) << plan.map;
    EXPECT_EQ(pins(), before) << "until it is pinned";
    ASSERT_DONE(next->pin(*pins_));
    EXPECT_FALSE(next->upgrades());
    const auto after = pins();
    ASSERT_EQ(after.size(), before.size());
    for (const Plan& other : plans()) {
      const bool anew = other.family == plan.family || other.family == PINION_FAMILY_SETTINGS;
      EXPECT_EQ(after.at(other.map) != before.at(other.map), anew) << plan.map << ' ' << other.map;
    }
    EXPECT_EQ(settings().version[plan.family], family_of(plan).version);
    EXPECT_EQ(settings().tick_offset, tick_offset);
  }
}

TEST_F(AdoptionTest, MakesTheWholeFamilyAnew) {
  const auto before = pins();
  pins_->remove("slots");
  auto next = load_again();
  ASSERT_DONE(next);
  ASSERT_DONE(next->pin(*pins_));
  EXPECT_NE(pins().at("services"), before.at("services"));
  EXPECT_EQ(pins().at("real_servers"), before.at("real_servers"));
}

TEST_F(AdoptionTest, LooksAtAllAddressesWhereTheirFilterIsNew) {
  resize_values("vips", 4096);
  const auto next = load_again();
  ASSERT_DONE(next);
  MappedArray<pinion_vip_filter> vips;
  ASSERT_DONE(next->map_into(vips, "vips", 1));
  EXPECT_THAT(vips[0].word, Each(~0ull));
}

TEST_F(AdoptionTest, StartsNewCursorsAnywhere) {
  resize_values("cursors", 8);
  const auto next = load_again();
  ASSERT_DONE(next);
  PerCpuArray<uint32_t> cursors;
  ASSERT_DONE(next->open_into(cursors, "cursors"));
  std::vector<uint32_t> values;
  ASSERT_DONE(cursors.read(3, [&](uint32_t, uint32_t value) { values.push_back(value); }));
  EXPECT_THAT(values, Not(IsEmpty()));
  EXPECT_THAT(values, Not(Each(values.front())));
}

TEST_F(AdoptionTest, KeepsTheSettingsOfTheLastRelease) {
  pinion_settings before = settings();
  before.zero = 7;  // The one period of all states.
  before.timeout[PINION_STATE_UDP] = 1234;
  ASSERT_EQ(bpf_map_update_elem(pinned("settings").get(), &kFirst, &before, BPF_ANY), 0);
  pin_last_release();
  auto next = load_again();
  ASSERT_DONE(next);
  ASSERT_DONE(next->pin(*pins_));
  const pinion_settings after = settings();
  EXPECT_EQ(after.abi, static_cast<uint32_t>(PINION_ABI));
  EXPECT_EQ(after.version[PINION_FAMILY_LOAD], 2u);
  EXPECT_TRUE(std::equal(std::begin(after.seed), std::end(after.seed), before.seed));
  EXPECT_EQ(after.zero, 0u);
  EXPECT_THAT(after.refresh_shift, Each(7));
  EXPECT_EQ(after.timeout[PINION_STATE_UDP], 1234u);
  EXPECT_EQ(after.tick_offset, next->clock().offset());
  const auto monotonic = static_cast<uint32_t>(now_ns() >> PINION_TICK_SHIFT);
  EXPECT_LT(monotonic - next->clock().now() + 100, 200u) << "its clock was CLOCK_MONOTONIC";
}

TEST_F(AdoptionTest, KeepsTheMapsOfTheLastReleaseThatAreTheSame) {
  pin_last_release();
  const auto before = pins();
  auto next = load_again();
  ASSERT_DONE(next);
  ASSERT_DONE(next->pin(*pins_));
  const auto after = pins();
  for (const char* name :
       {"connections4", "connections6", "real_servers", "last_hops", "last_hop_numbers",
        "local_addresses", "vips", "cursors", "fragments", "entrances", "vlan_devices", "egress"})
    EXPECT_EQ(after.at(name), before.at(name)) << name;
}

TEST_F(AdoptionTest, KnowsTheServicesOfTheLastRelease) {
  pin_last_release();
  const pinion_service_key key{.protocol = IPPROTO_TCP, .port = Port{80}.be()};
  const pinion_range_key range{.bits = PINION_RANGE_BITS, .key = {.protocol = IPPROTO_UDP}};
  const uint32_t first[4] = {1, 10, 7, 1}, second[4] = {2, 20, 7, 1};
  ASSERT_EQ(bpf_map_update_elem(pinned("services").get(), &key, first, BPF_ANY), 0);
  ASSERT_EQ(bpf_map_update_elem(pinned("service_ranges").get(), &range, second, BPF_ANY), 0);
  const auto next = load_again();
  ASSERT_DONE(next);
  const auto tables = Tables::open(*next, director_.limits);
  ASSERT_DONE(tables);
  const auto found = tables->read(*next);
  ASSERT_DONE(found);
  ASSERT_EQ(found->services.size(), 2u);
  EXPECT_EQ(found->services[0].first.key.port, key.port);
  EXPECT_EQ(found->services[0].second.index, 1u);
  EXPECT_EQ(found->services[0].second.slot_count, 0u) << "its table is made anew";
  EXPECT_EQ(found->services[1].first.map, ServiceMap::kRanges);
  EXPECT_EQ(found->services[1].second.index, 2u);
}

TEST_F(AdoptionTest, DoesNotReadServicesOfAVersionThatItDoesNotKnow) {
  const pinion_service_key key{.protocol = IPPROTO_TCP, .port = Port{80}.be()};
  const pinion_service service{.index = 1};
  ASSERT_EQ(bpf_map_update_elem(pinned("services").get(), &key, &service, BPF_ANY), 0);
  set_version(PINION_FAMILY_SERVICES, 99);
  const auto next = load_again();
  ASSERT_DONE(next);
  const auto tables = Tables::open(*next, director_.limits);
  ASSERT_DONE(tables);
  EXPECT_THAT(tables->read(*next)->services, IsEmpty());
}

}  // namespace
}  // namespace pinion
