// SPDX-License-Identifier: Apache-2.0
// What an upgrade leaves where it is killed, and how the next start goes on: pins, and `load`.
#include "balancer/dataplane/staging.h"

#include "balancer/dataplane/load.h"
#include "tests/unit/dataplane/former_plane.h"

namespace pinion {
namespace {

class UpgradeTest : public FormerPlane {
 protected:
  Load open_load(const Program& program) {
    auto load = Load::open(program, director_.limits.servers + 1);
    EXPECT_TRUE(load.has_value());
    return std::move(*load);
  }

  // As the programs count.
  void count(const Fd& map, uint32_t index, int active, int inactive) {
    Load::Former former{};
    pinion_load value{};
    const bool is_former = info_of(map).value_size == sizeof(former);
    void* raw = is_former ? static_cast<void*>(&former) : &value;
    ASSERT_EQ(bpf_map_lookup_elem(map.get(), &index, raw), 0);
    auto* counts = static_cast<uint32_t*>(raw);
    counts[0] += static_cast<uint32_t>(active);
    counts[1] += static_cast<uint32_t>(inactive);
    ASSERT_EQ(bpf_map_update_elem(map.get(), &index, raw, BPF_ANY), 0);
  }

  void expect_load(const Load& load, uint32_t index, uint32_t active, uint32_t inactive) {
    EXPECT_EQ(load.at(index).active, active);
    EXPECT_EQ(load.at(index).inactive, inactive);
  }
};

// Both programs count for a while; a connection that began in one may end in the other.
TEST_F(UpgradeTest, AddsTheLoadOfBothPrograms) {
  pin_last_release();
  count(pinned("load"), 1, 5, 3);
  count(pinned("load"), 2, 1, 0);
  auto next = load_again();
  ASSERT_DONE(next);
  ASSERT_DONE(next->pin(*pins_));
  Load load = open_load(*next);
  EXPECT_TRUE(load.is_apart());
  expect_load(load, 1, 5, 3);
  count(pinned("load"), 1, -2, -3);
  count(pinned("load"), 2, 7, 1);
  count(pinned(kFormerLoad), 1, 1, 1);
  expect_load(load, 1, 4, 1);
  expect_load(load, 2, 8, 1);
  load.join();
  EXPECT_FALSE(load.is_apart());
  expect_load(load, 1, 4, 1);
  expect_load(load, 2, 8, 1);
  expect_load(load, 3, 0, 0);
  next->forget_former(*pins_);
  EXPECT_FALSE(pinned(kFormerLoad));
  const auto last = load_again();
  ASSERT_DONE(last);
  EXPECT_FALSE(last->upgrades());
  expect_load(open_load(*last), 1, 4, 1);
}

TEST_F(UpgradeTest, AddsTheLoadOnceHoweverOftenItIsKilled) {
  pin_last_release();
  count(pinned("load"), 1, 5, 3);
  auto first = load_again();
  ASSERT_DONE(first);
  ASSERT_DONE(first->pin(*pins_));
  open_load(*first).join();         // And was killed before it had forgotten the former map.
  count(pinned("load"), 1, 1, -4);  // More go than have come: a packet's counts are on their way.
  auto second = load_again();
  ASSERT_DONE(second);
  Load load = open_load(*second);
  EXPECT_TRUE(load.is_apart());
  expect_load(load, 1, 6, ~0u);
  load.join();
  expect_load(load, 1, 6, ~0u);
  second->forget_former(*pins_);
  expect_load(open_load(*load_again()), 1, 6, ~0u);
}

// Of staging.h's steps, the first: nothing has happened, and the next start begins again.
TEST_F(UpgradeTest, ClearsWhatWasStaged) {
  pin_last_release();
  const auto before = pins();
  for (const char* name : {"settings", "load", "counters"})
    ASSERT_DONE(pins_->put("next_" + std::string(name), pinned(name).get()));
  auto next = load_again();
  ASSERT_DONE(next);
  EXPECT_TRUE(next->upgrades());
  EXPECT_EQ(pins(), before);
}

// The third: the settings are the new ones.
TEST_F(UpgradeTest, GoesOnWithTheNewMaps) {
  pin_last_release();
  const Fd former = pinned("load");
  count(former, 1, 5, 3);
  const auto in_place = pins();
  auto killed = load_again();
  ASSERT_DONE(killed);
  ASSERT_DONE(killed->pin(*pins_));
  const auto complete = pins();
  const Fd counters = pinned("counters"), load = pinned("load");
  for (const bool had_kept_load : {false, true}) {
    pins_->remove("load");
    pins_->remove("counters");
    ASSERT_DONE(pins_->put("next_load", load.get()));
    ASSERT_DONE(pins_->put("next_counters", counters.get()));
    if (!had_kept_load) {
      ASSERT_DONE(pins_->rename(kFormerLoad, "load"));
    }
    auto next = load_again();
    ASSERT_DONE(next);
    EXPECT_FALSE(next->upgrades());
    EXPECT_EQ(pins(), complete);
    expect_load(open_load(*next), 1, 5, 3);
  }
}

TEST_F(UpgradeTest, LeavesThePinsWhereItCannotReplaceThem) {
  pin_last_release();
  auto next = load_again();
  ASSERT_DONE(next);
  ASSERT_DONE(pins_->put("next_load", pinned("load").get()));  // In its way.
  const auto before = pins();
  EXPECT_FALSE(next->pin(*pins_));
  EXPECT_TRUE(next->upgrades());
  auto after = before;
  after.erase("next_load");
  EXPECT_EQ(pins(), after);
}

TEST_F(UpgradeTest, RefusesASecondMigrationOfTheLoadBeforeTheFirstHasEnded) {
  ASSERT_DONE(pins_->put(kFormerLoad, pinned("load").get()));
  set_version(PINION_FAMILY_LOAD, 1);
  resize_values("load", 8);
  refused({"was interrupted", "start the piniond that began it once more"});
}

}  // namespace
}  // namespace pinion
