// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/connections.h"

#include <algorithm>
#include <optional>

#include "balancer/dataplane/plans.h"
#include "tests/unit/dataplane/plane.h"

namespace pinion {
namespace {

using std::chrono::seconds;

uint32_t ticks(seconds time) {
  return static_cast<uint32_t>(std::chrono::nanoseconds(time).count() >> PINION_TICK_SHIFT);
}

// Both tables with a timeout of 100 s in each state, and their memory to write to.
class ConnectionsTest : public Plane {
 protected:
  void SetUp() override {
    Plane::SetUp();
    if (!program_) return;
    auto tables = Tables::open(*program_, director_.limits);
    ASSERT_DONE(tables);
    tables->set_timeouts(
        {seconds(100), seconds(100), seconds(100), seconds(100), seconds(100), seconds(100)});
    const uint32_t buckets4 = groups4(director_.connections) * PINION_GROUP4;
    const uint32_t buckets6 = groups6(director_.connections) * PINION_GROUP6;
    ASSERT_DONE(program_->map_into(memory4_, "connections4", buckets4));
    ASSERT_DONE(program_->map_into(memory6_, "connections6", buckets6));
    ASSERT_DONE(program_->map_into(load_, "load", director_.limits.servers + 1));
    auto table4 = ConnectionTable::open(*program_, director_, false);
    auto table6 = ConnectionTable::open(*program_, director_, true);
    ASSERT_DONE(table4);
    ASSERT_DONE(table6);
    table4_ = std::move(*table4);
    table6_ = std::move(*table6);
  }

  // A connection to the real server, as the packet path leaves it.
  void fill(pinion_connection& connection, pinion_state state, uint32_t server, seconds idle) {
    connection = {7u << 8 | state, tick() - ticks(idle), PINION_REFERENCE(server, 3), 0, 0};
    if (state <= PINION_STATE_CLAIMED) return;
    ++(pinion_active(static_cast<uint8_t>(state)) ? load_[server].active : load_[server].inactive);
  }

  uint32_t tick() const { return program_->clock().now(); }

  pinion_connection& entry4(uint64_t place) {
    return memory4_[place / PINION_WAYS].entry[place % PINION_WAYS].connection;
  }

  std::vector<ConnectionEntry> visited(ConnectionTable& table) {
    std::vector<ConnectionEntry> found;
    table.visit(0, table.size(), [&](const ConnectionEntry& entry) { found.push_back(entry); });
    return found;
  }

  MappedArray<pinion_bucket4> memory4_;
  MappedArray<pinion_bucket6> memory6_;
  MappedArray<pinion_load> load_;
  std::optional<ConnectionTable> table4_, table6_;
};

TEST_F(ConnectionsTest, HasTwoPlacesForEachConnection) {
  EXPECT_EQ(table4_->size(), 2048u);
  EXPECT_EQ(table6_->size(), 2048u);
}

TEST_F(ConnectionsTest, AFamilyThatIsOffHasNoPlaces) {
  director_.connections.ipv6 = 0;
  const auto none = ConnectionTable::open(*program_, director_, true);
  ASSERT_DONE(none);
  EXPECT_EQ(none->size(), 0u);
}

TEST_F(ConnectionsTest, SweepsWhatHasExpiredAndKeepsTheLoadExact) {
  fill(entry4(0), PINION_STATE_ESTABLISHED, 1, seconds(50));
  fill(entry4(1), PINION_STATE_ESTABLISHED, 1, seconds(150));
  fill(entry4(6), PINION_STATE_SYN_RECEIVED, 1, seconds(150));
  fill(entry4(7), PINION_STATE_UDP, 2, seconds(150));
  fill(entry4(8), PINION_STATE_FIN_WAIT, 2, seconds(-1));  // Another CPU's clock is ahead.
  fill(entry4(9), PINION_STATE_CLAIMED, 2, seconds(150));
  fill(entry4(2047), PINION_STATE_CLOSED, 3, seconds(150));

  ConnectionTable::Swept swept;
  table4_->sweep(0, 2047, swept);
  EXPECT_EQ(swept.expired, 3u);
  EXPECT_EQ(load_[3].inactive, 1u) << "beyond the range";
  table4_->sweep(2047, 2048, swept);
  EXPECT_EQ(swept.expired, 4u);
  EXPECT_EQ(swept.states[PINION_STATE_ESTABLISHED], 1u);
  EXPECT_EQ(swept.states[PINION_STATE_FIN_WAIT], 1u);
  EXPECT_EQ(swept.states[PINION_STATE_CLAIMED], 1u);
  EXPECT_EQ(swept.states[PINION_STATE_FREE], 2048u - 7);
  EXPECT_EQ(load_[1].active, 1u);
  EXPECT_EQ(load_[1].inactive, 0u);
  EXPECT_EQ(load_[2].active, 0u);
  EXPECT_EQ(load_[2].inactive, 1u);
  EXPECT_EQ(load_[3].inactive, 0u);
  EXPECT_EQ(pinion_state_of(entry4(1).word), PINION_STATE_FREE);
  EXPECT_NE(entry4(1).word >> 8, 7u) << "a reader sees that it is something else";
}

TEST_F(ConnectionsTest, SweepsReferencesToNobody) {
  entry4(0) = {7u << 8 | PINION_STATE_UDP, tick() - ticks(seconds(150)), 0xffffff, 0, 0};
  ConnectionTable::Swept swept;
  table4_->sweep(0, 1, swept);
  EXPECT_EQ(swept.expired, 1u);
}

TEST_F(ConnectionsTest, TellsIPv4) {
  pinion_entry4& entry = memory4_[511].entry[3];
  fill(entry.connection, PINION_STATE_ESTABLISHED, 2, seconds(30));
  entry.flow = {Address::parse("192.0.2.1")->v4(),
                Address::parse("10.0.0.80")->v4(),
                Port{40000}.be(),
                Port{80}.be(),
                IPPROTO_TCP,
                {}};
  const auto found = visited(*table4_);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].client, *parse_endpoint("192.0.2.1:40000"));
  EXPECT_EQ(found[0].vip, *parse_endpoint("10.0.0.80:80"));
  EXPECT_EQ(found[0].protocol, Protocol::kTcp);
  EXPECT_EQ(found[0].state, PINION_STATE_ESTABLISHED);
  EXPECT_EQ(found[0].server, PINION_REFERENCE(2u, 3));
  EXPECT_NEAR(found[0].idle, ticks(seconds(30)), ticks(seconds(1)));
  EXPECT_EQ(found[0].timeout, ticks(seconds(100)));
}

TEST_F(ConnectionsTest, TellsIPv6) {
  pinion_entry6& entry = memory6_[300].entry[2];
  fill(entry.connection, PINION_STATE_UDP, 1, seconds(0));
  const auto client = Address::parse("2001:db8::9")->words();
  const auto vip = Address::parse("2001:db8::53")->words();
  std::copy(client.begin(), client.end(), entry.flow.saddr);
  std::copy(vip.begin(), vip.end(), entry.flow.daddr);
  entry.flow.sport = Port{5353}.be();
  entry.flow.dport = Port{53}.be();
  entry.flow.protocol = IPPROTO_UDP;
  const auto found = visited(*table6_);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].client, *parse_endpoint("[2001:db8::9]:5353"));
  EXPECT_EQ(found[0].vip, *parse_endpoint("[2001:db8::53]:53"));
  EXPECT_EQ(found[0].protocol, Protocol::kUdp);
}

TEST_F(ConnectionsTest, WhatHasExpiredIsNoConnectionBeforeTheSweepEither) {
  fill(entry4(3), PINION_STATE_ESTABLISHED, 1, seconds(150));
  fill(entry4(4), PINION_STATE_ESTABLISHED, 1, seconds(50));
  EXPECT_EQ(visited(*table4_).size(), 1u);
}

// By full NAT the reply half names a local address instead of the client.
TEST_F(ConnectionsTest, AReplyHalfOfFullNatGoesWithItsConnection) {
  auto tables = Tables::open(*program_, director_.limits);
  ASSERT_DONE(tables);
  const Address local = Address::from_v4(77);
  Change change;
  change.local.emplace();
  std::copy_n(local.words().begin(), 4, change.local->after.address[2]);
  ASSERT_DONE(tables->apply(change));
  auto& forward = memory4_[1].entry[1];
  auto& reply = memory4_[2].entry[1];
  fill(forward.connection, PINION_STATE_ESTABLISHED, 2, seconds(0));
  forward.connection.flags = PINION_PAIRED | PINION_FULLNAT;
  forward.flow = {.saddr = 1, .daddr = 2, .sport = 3, .dport = 4, .protocol = IPPROTO_TCP};
  reply.connection = {7u << 8 | PINION_STATE_ESTABLISHED, tick(), 5, 0, PINION_REPLY};
  reply.flow = {.saddr = 9, .daddr = 77, .sport = 8, .dport = 6, .protocol = IPPROTO_TCP};
  const auto replies = [&] {
    ConnectionTable::Swept swept;
    table4_->sweep(0, table4_->size(), swept);
    return swept.replies;
  };
  EXPECT_EQ(replies(), 1u) << "the packet that has made it is about to say so";
  forward.flow.local = 2;
  forward.flow.local_port = 6;
  EXPECT_EQ(replies(), 1u);
  forward.flow.local_port = 7;
  EXPECT_EQ(replies(), 0u);
}

// A connection at place 5, and its reply half at place 9.
TEST_F(ConnectionsTest, AReplyHalfIsNoConnectionAndGoesWithIt) {
  auto& forward = memory4_[1].entry[1];
  auto& reply = memory4_[2].entry[1];
  fill(forward.connection, PINION_STATE_ESTABLISHED, 1, seconds(0));
  forward.connection.flags = PINION_PAIRED;
  forward.flow = {.saddr = 1, .daddr = 2, .sport = 3, .dport = 4, .protocol = IPPROTO_TCP};
  reply.connection = {7u << 8 | PINION_STATE_ESTABLISHED, tick(), 5, 0, PINION_REPLY};
  reply.flow = {.saddr = 9, .daddr = 1, .sport = 8, .dport = 3, .protocol = IPPROTO_TCP};
  const auto sweep = [&] {
    ConnectionTable::Swept swept;
    table4_->sweep(0, table4_->size(), swept);
    return std::pair(swept.states[PINION_STATE_ESTABLISHED], swept.replies);
  };
  EXPECT_EQ(visited(*table4_).size(), 1u);
  EXPECT_EQ(sweep(), std::pair(uint64_t{1}, uint64_t{1}));
  forward.flow.sport = 7;  // Another connection of that client.
  EXPECT_EQ(sweep(), std::pair(uint64_t{1}, uint64_t{0}));
  EXPECT_EQ(load_[1].active, 1u);
  EXPECT_EQ(load_[5 % load_.size()].active, 0u) << "5 is a place, not a real server";
}

// One that was stamped when timeouts were shorter lives on with its connection.
TEST_F(ConnectionsTest, AReplyHalfDoesNotExpireBeforeItsConnection) {
  auto& forward = memory4_[1].entry[1];
  auto& reply = memory4_[2].entry[1];
  fill(forward.connection, PINION_STATE_ESTABLISHED, 1, seconds(50));
  forward.connection.flags = PINION_PAIRED;
  forward.flow = {.saddr = 1, .daddr = 2, .sport = 3, .dport = 4, .protocol = IPPROTO_TCP};
  reply.connection = {7u << 8 | PINION_STATE_ESTABLISHED, tick() - ticks(seconds(101)), 5, 0,
                      PINION_REPLY};
  reply.flow = {.saddr = 9, .daddr = 1, .sport = 8, .dport = 3, .protocol = IPPROTO_TCP};
  ConnectionTable::Swept swept;
  table4_->sweep(0, table4_->size(), swept);
  EXPECT_EQ(swept.replies, 1u);
  EXPECT_NEAR(reply.connection.seen, tick(), ticks(seconds(1)));
  forward.connection.seen -= ticks(seconds(51));
  reply.connection.seen -= ticks(seconds(101));
  table4_->sweep(0, table4_->size(), swept);
  table4_->sweep(0, table4_->size(), swept);
  EXPECT_EQ(reply.connection.word & 0xff, PINION_STATE_FREE);
}

TEST_F(ConnectionsTest, EndsWhatItSaw) {
  fill(entry4(5), PINION_STATE_ESTABLISHED, 1, seconds(0));
  const auto found = visited(*table4_);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(table4_->end(found[0]));
  EXPECT_EQ(load_[1].active, 0u);
  EXPECT_TRUE(visited(*table4_).empty());
  EXPECT_FALSE(table4_->end(found[0])) << "only once";
  EXPECT_EQ(load_[1].active, 0u);
}

TEST_F(ConnectionsTest, EndsWhatHasOnlyChangedItsState) {
  fill(entry4(5), PINION_STATE_SYN_RECEIVED, 1, seconds(0));
  const auto found = visited(*table4_);
  entry4(5).word = pinion_with_state(entry4(5).word, PINION_STATE_ESTABLISHED);
  load_[1] = {1, 0};
  EXPECT_TRUE(table4_->end(found.at(0)));
  EXPECT_EQ(load_[1].active, 0u);
  EXPECT_EQ(load_[1].inactive, 0u);
}

TEST_F(ConnectionsTest, LeavesWhatHasBecomeAnotherConnection) {
  fill(entry4(5), PINION_STATE_ESTABLISHED, 1, seconds(0));
  const auto found = visited(*table4_);
  entry4(5).word = pinion_next_word(entry4(5).word, PINION_STATE_ESTABLISHED);
  EXPECT_FALSE(table4_->end(found.at(0)));
  EXPECT_EQ(load_[1].active, 1u);
  EXPECT_EQ(visited(*table4_).size(), 1u);
}

}  // namespace
}  // namespace pinion
