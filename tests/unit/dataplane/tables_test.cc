// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/tables.h"

#include <gmock/gmock.h>

#include <cstring>
#include <optional>

#include "balancer/dataplane/counters.h"
#include "balancer/dataplane/plans.h"
#include "tests/unit/dataplane/plane.h"

namespace pinion {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::Not;

ServiceKey key(uint16_t port) {
  return {ServiceMap::kExact, 0, {.protocol = IPPROTO_TCP, .port = Port{port}.be()}};
}

// Every byte is another one.
pinion_real_server server(uint8_t flags) {
  pinion_real_server entry;
  for (size_t i = 0; i < sizeof(entry); ++i)
    reinterpret_cast<char*>(&entry)[i] = static_cast<char>(i + 1);
  entry.flags = flags;
  entry.ifindex = 1;  // Every network namespace has it.
  return entry;
}

bool same(const pinion_real_server& a, const pinion_real_server& b) {
  return std::memcmp(&a, &b, sizeof(a)) == 0;
}

class TablesTest : public Plane {
 protected:
  void SetUp() override {
    Plane::SetUp();
    if (!program_) return;
    auto tables = Tables::open(*program_, director_.limits);
    ASSERT_DONE(tables);
    tables_ = std::move(*tables);
  }

  // What is at the key; nothing where there is no such service.
  std::optional<pinion_service> service(const ServiceKey& wanted) {
    const auto found = tables_->read(*program_);
    for (const auto& [at, value] : found->services)
      if (at == wanted) return value;
    return {};
  }

  std::optional<Tables> tables_;
};

TEST_F(TablesTest, WritesAChange) {
  Change change;
  change.servers = {{.index = 3, .after = server(PINION_SERVER_USED)}};
  change.slots = {{.base = 60, .references = {3, 4, 5, 6}}};
  change.services = {{.key = key(80), .after = pinion_service{1, 60, 4, PINION_SELECT_HASH, {}}}};
  ASSERT_DONE(tables_->apply(change));

  EXPECT_TRUE(same(tables_->server(3), change.servers[0].after));
  EXPECT_TRUE(same(tables_->server(2), {}));
  MappedArray<uint32_t> slots;
  ASSERT_DONE(program_->map_into(slots, "slots", director_.limits.slots));
  for (uint32_t i = 0; i < 4; ++i) EXPECT_EQ(slots[60 + i], 3 + i);
  EXPECT_EQ(slots[59], 0u);
  ASSERT_TRUE(service(key(80)));
  EXPECT_EQ(service(key(80))->slot_base, 60u);
  EXPECT_EQ(tables_->read(*program_)->servers.size(), director_.limits.servers + 1);
  EXPECT_TRUE(same(tables_->read(*program_)->servers[3], change.servers[0].after));
}

TEST_F(TablesTest, UndoesWhatItWroteBeforeAFailure) {
  const pinion_service old{1, 0, 4, PINION_SELECT_TURN, {}};
  const pinion_service other{2, 8, 4, PINION_SELECT_TURN, {}};
  Change first;
  first.servers = {{.index = 1, .after = server(PINION_SERVER_USED)}};
  first.services = {{.key = key(80), .after = old},
                    {.key = key(81), .after = other},
                    {.key = key(91), .after = other},
                    {.key = key(92), .after = other}};
  ASSERT_DONE(tables_->apply(first));

  Change change;  // The map has room for twice the limit: four.
  change.servers = {{.index = 1,
                     .before = first.servers[0].after,
                     .after = server(PINION_SERVER_USED | PINION_SERVER_ACCEPTS)},
                    {.index = 2, .after = server(PINION_SERVER_USED)}};
  pinion_service flipped = old;
  flipped.slot_base = 16;
  change.services = {{.key = key(80), .before = old, .after = flipped},
                     {.key = key(82), .after = pinion_service{2, 32, 4, PINION_SELECT_TURN, {}}}};
  const auto applied = tables_->apply(change);
  ASSERT_FALSE(applied);
  EXPECT_THAT(applied.error().message(), HasSubstr("services"));
  EXPECT_TRUE(same(tables_->server(1), first.servers[0].after));
  EXPECT_TRUE(same(tables_->server(2), {}));
  EXPECT_EQ(service(key(80))->slot_base, old.slot_base);
  EXPECT_TRUE(service(key(81)));
  EXPECT_FALSE(service(key(82)));
}

TEST_F(TablesTest, AServiceThatGoesComesBackIfTheRestFails) {
  const pinion_service one{1, 0, 4, PINION_SELECT_TURN, {}};
  Change first;
  first.services = {{.key = key(80), .after = one},
                    {.key = key(81), .after = one},
                    {.key = key(82), .after = one},
                    {.key = key(83), .after = one}};
  ASSERT_DONE(tables_->apply(first));
  Change change;
  change.services = {{.key = key(80), .before = one},
                     {.key = key(84), .after = one},
                     {.key = key(85), .after = one}};
  ASSERT_FALSE(tables_->apply(change));
  EXPECT_TRUE(service(key(80)));
  EXPECT_FALSE(service(key(84)));
}

TEST_F(TablesTest, EachKeyIsInItsMap) {
  const config::Service many = {
      .name = "many",
      .listeners = {{*Prefix::parse("192.0.2.80"), Ports::one(80)},
                    {*Prefix::parse("192.0.2.80"), {8000, 8007}},
                    {*Prefix::parse("192.0.2.0/28"), Ports::any(), Protocol::kUdp},
                    {*Prefix::parse("2001:db8::/64"), Ports::one(53)}}};
  const auto keys = keys_of({many}).front();
  ASSERT_EQ(keys.size(), 4u);
  Change change;
  for (const ServiceKey& one : keys)
    change.services.push_back({.key = one, .after = pinion_service{1, 0, 4, 0, {}}});
  ASSERT_DONE(tables_->apply(change));
  for (const ServiceKey& one : keys) EXPECT_TRUE(service(one)) << to_string(one);
  EXPECT_EQ(tables_->read(*program_)->services.size(), 4u);
  for (auto& flip : change.services) std::swap(flip.before, flip.after);
  ASSERT_DONE(tables_->apply(change));
  EXPECT_TRUE(tables_->read(*program_)->services.empty());
}

TEST_F(TablesTest, AUsedIndexBeginsWithCountersOfNothing) {
  MappedArray<pinion_counters> counters;
  const uint32_t all = counters_of_all_cpus(director_.limits);
  ASSERT_DONE(program_->map_into(counters, "counters", all));
  const auto traffic = [&](uint32_t index) {
    return Counters::open(*program_, director_.limits)->servers(index + 1).at(index);
  };
  for (uint32_t place = 0; place < all; ++place) counters[place] = {2, 3, 1, 4, 5};
  Change change;
  change.servers = {{.index = 1, .after = server(PINION_SERVER_USED)},
                    {.index = 2,
                     .before = server(PINION_SERVER_USED),
                     .after = server(PINION_SERVER_USED | PINION_SERVER_UNREACHABLE)}};
  ASSERT_DONE(tables_->apply(change));
  EXPECT_EQ(traffic(1).packets, 0u);
  EXPECT_EQ(traffic(2).packets, 2 * all / (director_.limits.servers + 1));
}

TEST_F(TablesTest, AnInterfaceThatIsGoneIsNoFailure) {
  Change change;
  change.servers = {{.index = 1, .after = server(PINION_SERVER_USED)}};
  change.servers[0].after.ifindex = 0x7fffffff;
  EXPECT_TRUE(tables_->apply(change));
}

TEST_F(TablesTest, WhatNoReferenceNamesIsNobody) {
  EXPECT_TRUE(same(tables_->server((1 << PINION_INDEX_BITS) - 1), {}));
}

TEST_F(TablesTest, EachStateHasItsTimeout) {
  using std::chrono::seconds;
  tables_->set_timeouts({.syn = seconds(1),
                         .established = seconds(2),
                         .fin = seconds(3),
                         .closed = seconds(4),
                         .udp = seconds(5)});
  MappedArray<pinion_settings> settings;
  ASSERT_DONE(program_->map_into(settings, "settings", 1));
  const auto ticks = [](uint64_t s) { return (s * 1'000'000'000) >> PINION_TICK_SHIFT; };
  EXPECT_EQ(settings[0].timeout[PINION_STATE_SYN_RECEIVED], ticks(1));
  EXPECT_EQ(settings[0].timeout[PINION_STATE_PICKED_UP], ticks(2));
  EXPECT_EQ(settings[0].timeout[PINION_STATE_ESTABLISHED], ticks(2));
  EXPECT_EQ(settings[0].timeout[PINION_STATE_FIN_WAIT], ticks(3));
  EXPECT_EQ(settings[0].timeout[PINION_STATE_CLOSED], ticks(4));
  EXPECT_EQ(settings[0].timeout[PINION_STATE_UDP], ticks(5));
}

// Of reply halves: a quarter of the timeout, but a minute at most, and a second where age evicts.
TEST_F(TablesTest, EachStateHasItsPeriod) {
  using std::chrono::seconds;
  tables_->set_timeouts({.syn = seconds(30),
                         .established = seconds(900),
                         .fin = seconds(120),
                         .closed = seconds(1),
                         .udp = seconds(300)});
  MappedArray<pinion_settings> settings;
  ASSERT_DONE(program_->map_into(settings, "settings", 1));
  EXPECT_EQ(settings[0].refresh_shift[PINION_STATE_SYN_RECEIVED], 10);
  EXPECT_EQ(settings[0].refresh_shift[PINION_STATE_PICKED_UP], 10);
  EXPECT_EQ(settings[0].refresh_shift[PINION_STATE_ESTABLISHED], 16);
  EXPECT_EQ(settings[0].refresh_shift[PINION_STATE_FIN_WAIT], 14);
  EXPECT_EQ(settings[0].refresh_shift[PINION_STATE_CLOSED], 7);
}

TEST_F(TablesTest, UndoesAWholeChange) {
  const pinion_service old{1, 0, 4, PINION_SELECT_TURN, {}};
  Change first;
  first.services = {{.key = key(80), .after = old}};
  ASSERT_DONE(tables_->apply(first));
  Change change;
  change.servers = {{.index = 1, .after = server(PINION_SERVER_USED)}};
  pinion_service flipped = old;
  flipped.slot_base = 16;
  change.services = {{.key = key(80), .before = old, .after = flipped},
                     {.key = key(81), .after = flipped}};
  ASSERT_DONE(tables_->apply(change));
  tables_->undo(change);
  EXPECT_TRUE(same(tables_->server(1), {}));
  EXPECT_EQ(service(key(80))->slot_base, old.slot_base);
  EXPECT_FALSE(service(key(81)));
}

TEST(PossibleCpus, AreCountedUpToTheLast) {
  EXPECT_EQ(cpus_up_to_last("0"), 1u);
  EXPECT_EQ(cpus_up_to_last("0-1"), 2u);
  EXPECT_EQ(cpus_up_to_last("0-1,4"), 5u);
  EXPECT_EQ(cpus_up_to_last("0-3,8-11"), 12u);
  EXPECT_EQ(cpus_up_to_last(""), 0u);
}

TEST_F(TablesTest, BeginWithASecretAndTheClock) {
  tables_->begin(program_->constants());
  MappedArray<pinion_settings> settings;
  ASSERT_DONE(program_->map_into(settings, "settings", 1));
  EXPECT_EQ(settings[0].abi, static_cast<uint32_t>(PINION_ABI));
  EXPECT_EQ(settings[0].tick_offset, program_->clock().offset());
  EXPECT_THAT(settings[0].seed, Each(Not(0u)));
}

}  // namespace
}  // namespace pinion
