// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/pins.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "tests/unit/dataplane/former_plane.h"

namespace pinion {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

using PinsTest = Plane;

TEST_F(PinsTest, RefusesASecondDaemonOfTheInstance) {
  const auto second = Pins::open(director_.instance);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message(), HasSubstr("'" + director_.instance + "'"));
  EXPECT_THAT(second.error().message(), HasSubstr("director.instance"));
}

TEST_F(PinsTest, LetsTheNextDaemonIn) {
  pins_.reset();
  auto next = Pins::open(director_.instance);
  ASSERT_DONE(next);
  pins_ = std::make_unique<Pins>(std::move(*next));
}

TEST_F(PinsTest, AnEmptyDirectoryGoesWithIt) {
  const std::string directory = pins_->directory();
  const auto map = program_->map("egress");
  ASSERT_DONE(map);
  ASSERT_DONE(pins_->put("egress", map->get()));
  pins_.reset();
  EXPECT_TRUE(std::filesystem::exists(directory));
  auto next = Pins::open(director_.instance);
  ASSERT_DONE(next);
  next->remove_all("");
  { const Pins moved = std::move(*next); }
  EXPECT_FALSE(std::filesystem::exists(directory));
}

TEST_F(PinsTest, NamesTheOtherInstances) {
  const std::string name = director_.instance + "-other";
  {
    const auto other = Pins::open(name);
    ASSERT_DONE(other);
    EXPECT_THAT(pins_->other_instances(), Contains(name));
    EXPECT_THAT(pins_->other_instances(), Not(Contains(director_.instance)));
  }
  EXPECT_THAT(pins_->other_instances(), Not(Contains(name)));
}

TEST_F(PinsTest, WhatIsNotThereIsNoError) {
  const auto nothing = pins_->get("nothing");
  ASSERT_DONE(nothing);
  EXPECT_FALSE(*nothing);
}

TEST_F(PinsTest, NamesThePathThatIsTaken) {
  const auto map = program_->map("egress");
  ASSERT_DONE(map);
  ASSERT_DONE(pins_->put("egress", map->get()));
  const auto again = pins_->put("egress", map->get());
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message(), HasSubstr(pins_->path("egress")));
}

TEST_F(PinsTest, RenamesOverWhatIsThere) {
  const auto first = program_->map("egress"), second = program_->map("slots");
  ASSERT_DONE(first);
  ASSERT_DONE(second);
  ASSERT_DONE(pins_->put("next", first->get()));
  ASSERT_DONE(pins_->put("map", second->get()));
  ASSERT_DONE(pins_->rename("next", "map"));
  EXPECT_THAT(pins_->names(""), UnorderedElementsAre("map"));
  EXPECT_EQ(info_of(*pins_->get("map")).id, info_of(*first).id);
  const auto again = pins_->rename("next", "map");
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message(), HasSubstr(pins_->path("next")));
}

TEST_F(PinsTest, RemovesByPrefix) {
  const auto map = program_->map("egress");
  ASSERT_DONE(map);
  for (const char* name : {"link_1", "link_2", "egress"}) ASSERT_DONE(pins_->put(name, map->get()));
  EXPECT_THAT(pins_->names("link_"), UnorderedElementsAre("link_1", "link_2"));
  pins_->remove_all("link_");
  EXPECT_THAT(pins_->names(""), UnorderedElementsAre("egress"));
  pins_->remove_all("");
  EXPECT_THAT(pins_->names(""), IsEmpty());
}

}  // namespace
}  // namespace pinion
