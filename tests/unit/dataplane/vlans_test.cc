// SPDX-License-Identifier: Apache-2.0
// What the maps hold of VLANs and bonds, and that the program looks at it only if it must.
#include "balancer/model/vlans.h"

#include <memory>
#include <set>
#include <utility>

#include "tests/unit/dataplane/plane.h"

namespace pinion {
namespace {

using Entrance = std::pair<pinion_entrance_key, pinion_entrance>;
using Device = std::pair<uint32_t, pinion_vlan_device>;

Entrance entrance(uint16_t vlan) { return {{1, {{0x0081, vlan}, {}}}, {1000u + vlan, 1}}; }
Device device(uint16_t vlan) { return {1000u + vlan, {1, {{0x0081, vlan}, {}}}}; }

class VlansTest : public Plane {
 protected:
  void SetUp() override {
    Plane::SetUp();
    if (!program_) return;
    auto tables = Tables::open(*program_, director_.limits);
    ASSERT_DONE(tables);
    tables_ = std::make_unique<Tables>(std::move(*tables));
    ASSERT_DONE(program_->open_into(entrances_, "entrances"));
    ASSERT_DONE(program_->open_into(devices_, "vlan_devices"));
    ASSERT_DONE(program_->open_into(egress_, "egress"));
  }

  // The VLANs that have an entrance, and those that have a device.
  using Known = std::pair<std::set<int>, std::set<int>>;
  Known known() const {
    Known found;
    const auto entrances = entrances_.read();
    for (const auto& [key, value] : *entrances) {
      found.first.insert(key.tags[0].vlan);
      EXPECT_EQ(value.ifindex, 1000u + key.tags[0].vlan);
    }
    const auto devices = devices_.read();
    for (const auto& [ifindex, value] : *devices) {
      found.second.insert(value.tags[0].vlan);
      EXPECT_EQ(ifindex, 1000u + value.tags[0].vlan);
    }
    return found;
  }
  std::set<uint32_t> egress() const {
    std::set<uint32_t> all;
    const auto found = egress_.read();
    for (const auto& [ifindex, value] : *found) all.insert(ifindex);
    return all;
  }

  std::unique_ptr<Tables> tables_;
  HashMap<pinion_entrance_key, pinion_entrance> entrances_;
  HashMap<uint32_t, pinion_vlan_device> devices_;
  HashMap<uint32_t, uint32_t> egress_;
};

TEST_F(VlansTest, ComeBeforeOthersGo) {
  ASSERT_DONE(tables_->add_vlans({{entrance(1), entrance(2)}, {device(1), device(2)}}));
  EXPECT_EQ(known(), (Known{{1, 2}, {1, 2}}));
  const Vlans next{{entrance(2), entrance(3)}, {device(3)}};
  ASSERT_DONE(tables_->add_vlans(next));
  EXPECT_EQ(known(), (Known{{1, 2, 3}, {1, 2, 3}}));
  ASSERT_DONE(tables_->keep_vlans(next));
  EXPECT_EQ(known(), (Known{{2, 3}, {3}}));
  ASSERT_DONE(tables_->keep_vlans({}));
  EXPECT_EQ(known(), Known());
}

TEST_F(VlansTest, OfAnEarlierDaemonGoToo) {
  pin();
  ASSERT_DONE(tables_->add_vlans({{entrance(1)}, {device(1)}}));
  auto next = load_again();
  ASSERT_DONE(next);
  auto tables = Tables::open(*next, director_.limits);
  ASSERT_DONE(tables);
  ASSERT_DONE(tables->keep_vlans({{entrance(2)}, {}}));
  EXPECT_EQ(known(), Known());
}

// What leaves by a VLAN device leaves by the one below it.
TEST_F(VlansTest, OnlyWhatIsBelowIsAnEgress) {
  ASSERT_DONE(tables_->add_vlans({{}, {device(1), device(2)}}));
  EXPECT_EQ(egress(), std::set<uint32_t>()) << "of what nobody uses";
  ASSERT_DONE(tables_->add_vlans({{}, {device(1), device(2)}, true}));
  EXPECT_EQ(egress(), std::set<uint32_t>({1}));
  ASSERT_DONE(tables_->allow_egress(1002));
  EXPECT_EQ(egress(), std::set<uint32_t>({1}));
}

TEST_F(VlansTest, AreAFeatureThatTheProgramLearns) {
  EXPECT_FALSE(program_->features().vlans);
  ASSERT_DONE(program_->extend({.vlans = true}));
  EXPECT_TRUE(program_->features().has({.vlans = true}));
  EXPECT_TRUE(program_->features().has(kFeatures));
  EXPECT_FALSE(kFeatures.has({.vlans = true}));
}

}  // namespace
}  // namespace pinion
