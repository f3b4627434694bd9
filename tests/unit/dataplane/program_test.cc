// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/program.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/inotify.h>
#include <sys/sysinfo.h>

#include "tests/unit/dataplane/plane.h"

namespace pinion {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

using ProgramTest = Plane;

TEST_F(ProgramTest, IsMadeAnewWhereNothingIsPinned) { EXPECT_FALSE(program_->adopted()); }

TEST_F(ProgramTest, AdoptsTheMapsThatArePinned) {
  pin();
  MappedArray<uint32_t> before, after;
  ASSERT_DONE(program_->map_into(before, "slots", director_.limits.slots));
  before[7] = 42;
  program_.reset();
  auto next = load_again();
  ASSERT_DONE(next);
  EXPECT_TRUE(next->adopted());
  ASSERT_DONE(next->map_into(after, "slots", director_.limits.slots));
  EXPECT_EQ(after[7], 42u);
}

TEST_F(ProgramTest, RefusesOtherSizesAndNamesTheKey) {
  pin();
  const config::Director made = director_;
  const auto refused_for = [&](const std::string& key) {
    const auto next = load_again();
    director_ = made;
    ASSERT_FALSE(next) << key;
    EXPECT_THAT(next.error().message(), HasSubstr("another " + key + " "));
    EXPECT_THAT(next.error().message(), HasSubstr(pins_->directory()));
  };
  director_.limits.services = 3;
  refused_for("director.limits.services");
  director_.limits.servers = 5;
  refused_for("director.limits.servers");
  director_.limits.slots = 65;
  refused_for("director.limits.slots");
  director_.connections.ipv4 = 2048;
  refused_for("director.connections.ipv4");
  director_.connections.ipv6 = 0;
  refused_for("director.connections.ipv6");
  const auto next = load_again();
  ASSERT_DONE(next);
  EXPECT_TRUE(next->adopted());
}

// Pins `settings` of that size, with that number of its layout.
uint32_t id_of(int program) {
  bpf_prog_info info{};
  uint32_t length = sizeof(info);
  return bpf_obj_get_info_by_fd(program, &info, &length) == 0 ? info.id : 0;
}

void pin_settings(const Pins& pins, uint32_t size, uint32_t layout) {
  const Fd map(bpf_map_create(BPF_MAP_TYPE_ARRAY, "settings", 4, size, 1, nullptr));
  ASSERT_TRUE(map);
  std::vector<char> value(size);
  const uint32_t first = 0;
  std::copy_n(reinterpret_cast<const char*>(&layout), sizeof(layout), value.begin());
  ASSERT_EQ(bpf_map_update_elem(map.get(), &first, value.data(), BPF_ANY), 0);
  ASSERT_DONE(pins.put("settings", map.get()));
}

TEST_F(ProgramTest, RefusesAnotherLayout) {
  pin_settings(*pins_, sizeof(pinion_settings), 99);
  const auto next = load_again();
  ASSERT_FALSE(next);
  EXPECT_THAT(next.error().message(), HasSubstr("has layout 99"));
  EXPECT_TRUE(*pins_->get("settings")) << "what is refused is not touched";
}

TEST_F(ProgramTest, RefusesALayoutWhoseSettingsAreLarger) {
  pin_settings(*pins_, 1 << 16, 99);
  const auto next = load_again();
  ASSERT_FALSE(next);
  EXPECT_THAT(next.error().message(), HasSubstr("has layout 99"));
}

TEST_F(ProgramTest, ClearsWhatADeadDaemonHadHalfPinned) {
  pin();
  pins_->remove("settings");
  const auto next = load_again();
  ASSERT_DONE(next);
  EXPECT_FALSE(next->adopted());
  EXPECT_THAT(pins_->names(""), IsEmpty());
}

TEST_F(ProgramTest, NamesThePinThatIsMissing) {
  pin();
  pins_->remove("load");
  const auto next = load_again();
  ASSERT_FALSE(next);
  EXPECT_THAT(next.error().message(), HasSubstr("load is missing"));
}

TEST_F(ProgramTest, UnpinsTheSettingsFirst) {
  pin();
  const auto map = program_->map("egress");
  ASSERT_DONE(map);
  ASSERT_DONE(pins_->put("link_1", map->get()));  // The newest, which the directory lists first.
  const Fd watch(inotify_init1(IN_CLOEXEC));
  ASSERT_GE(inotify_add_watch(watch.get(), pins_->directory().c_str(), IN_DELETE), 0);
  Program::unpin(*pins_);
  EXPECT_THAT(pins_->names(""), IsEmpty());
  alignas(inotify_event) char buffer[4096];
  ASSERT_GT(read(watch.get(), buffer, sizeof(buffer)), 0);
  EXPECT_STREQ(reinterpret_cast<const inotify_event*>(buffer)->name, "settings");
}

TEST_F(ProgramTest, LearnsFeaturesOnTheSameMaps) {
  pin();
  MappedArray<pinion_settings> before, after;
  ASSERT_DONE(program_->map_into(before, "settings", 1));
  before[0].seed[0] = 7;
  const Fd old(fcntl(program_->fd(), F_DUPFD_CLOEXEC, 0));
  ASSERT_DONE(program_->extend(kFeatures));
  EXPECT_EQ(id_of(program_->fd()), id_of(old.get())) << "it has these already";
  ASSERT_DONE(program_->extend({.methods = 1u << PINION_METHOD_LOCAL}));
  EXPECT_NE(id_of(program_->fd()), id_of(old.get()));
  ASSERT_DONE(program_->extend({.listeners = PINION_LISTEN_RANGES}));
  ASSERT_DONE(program_->extend({.tcp = PINION_TCP_PROXY}));
  EXPECT_EQ(program_->features(),
            (Features{.methods = kFeatures.methods | 1u << PINION_METHOD_LOCAL,
                      .listeners = PINION_LISTEN_RANGES,
                      .tcp = PINION_TCP_PROXY}));
  ASSERT_DONE(program_->map_into(after, "settings", 1));
  EXPECT_EQ(after[0].seed[0], 7u);
}

TEST_F(ProgramTest, SaysWhatDecidesTheMemory) {
  struct sysinfo machine {};
  ASSERT_EQ(sysinfo(&machine), 0);
  director_.connections.ipv4 = 1 << 30;
  if (machine.totalram * machine.mem_unit > director_.connections.ipv4 * 64)
    GTEST_SKIP() << "this machine has the memory";
  const auto large = load_again();
  ASSERT_FALSE(large);
  EXPECT_THAT(large.error().message(), HasSubstr("director.connections"));
}

}  // namespace
}  // namespace pinion
