// SPDX-License-Identifier: Apache-2.0
// Which real server a new connection gets: by turn, and by hash.
#include <linux/bpf.h>

#include <cstring>
#include <map>

#include "balancer/bpf/lib/hash.h"
#include "tests/packet/director.h"

namespace pinion::packet {
namespace {

class Schedule : public WithDirector {
 protected:
  void SetUp() override {
    WithDirector::SetUp();
    if (IsSkipped()) return;
    for (uint32_t server = 1; server <= 12; ++server) director().add_server(server, {});
  }

  void serve(std::vector<uint32_t> slots, pinion_selection selection) {
    director().add_service({.slot_base = 100, .slots = std::move(slots), .selection = selection});
  }

  // New connections by server.
  std::map<uint32_t, int> spread(int connections, uint8_t flags = kSyn) {
    std::map<uint32_t, int> servers;
    for (int i = 0; i < connections; ++i)
      ++servers[server_of({.sport = next_port_++, .flags = flags})];
    return servers;
  }

  uint16_t next_port_ = 1000;
};

using Spread = std::map<uint32_t, int>;

TEST_F(Schedule, ByTurnIsExact) {
  serve({5, 6, 7}, PINION_SELECT_TURN);
  EXPECT_EQ(spread(300), (Spread{{5, 100}, {6, 100}, {7, 100}}));
  for (const auto& [server, count] : Spread{{5, 100}, {6, 100}, {7, 100}})
    EXPECT_EQ(director().counters(server).connections, static_cast<uint64_t>(count));
}

TEST_F(Schedule, ByTurnFollowsTheWeightsInTheSlots) {
  serve({5, 6, 5, 7, 5, 6}, PINION_SELECT_TURN);
  EXPECT_EQ(spread(600), (Spread{{5, 300}, {6, 200}, {7, 100}}));
}

TEST_F(Schedule, ByTurnBeginsWhereTheCursorIs) {
  serve({5, 6, 7}, PINION_SELECT_TURN);
  director().set_cursor(1, 2);
  EXPECT_EQ(server_of({}), 7u);
  director().set_cursor(1, 0xffffffff);
  EXPECT_EQ(server_of({.sport = 1}), 5u) << "2^32 - 1 is a multiple of 3";
  EXPECT_EQ(server_of({.sport = 2}), 6u);
}

TEST_F(Schedule, ByTurnInATableThatHasBecomeSmaller) {
  serve({5, 6, 7, 8, 9, 10}, PINION_SELECT_TURN);
  spread(5);
  serve({5, 6}, PINION_SELECT_TURN);
  EXPECT_EQ(spread(100), (Spread{{5, 50}, {6, 50}}));
}

TEST_F(Schedule, KnownConnectionsTakeNoTurn) {
  serve({5, 6}, PINION_SELECT_TURN);
  EXPECT_EQ(server_of({}), 5u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(server_of({.flags = kAck}), 5u);
  EXPECT_EQ(server_of({.sport = 1}), 6u);
}

TEST_F(Schedule, MidStreamTakesNoTurn) {
  serve({5, 6}, PINION_SELECT_TURN);
  spread(25, kAck);
  EXPECT_EQ(server_of({}), 5u);
}

TEST_F(Schedule, ServicesTakeTurnsOfTheirOwn) {
  serve({5, 6}, PINION_SELECT_TURN);
  director().add_service({.port = 81, .index = 7, .slot_base = 200, .slots = {8, 9}});
  EXPECT_EQ(server_of({}), 5u);
  EXPECT_EQ(server_of({.dport = 81}), 8u);
  EXPECT_EQ(server_of({.sport = 1}), 6u);
  EXPECT_EQ(server_of({.sport = 1, .dport = 81}), 9u);
}

TEST_F(Schedule, ByHashIsEvenEnough) {
  serve({5, 6, 7, 8}, PINION_SELECT_HASH);
  for (const auto& [server, count] : spread(4000)) {
    EXPECT_GT(count, 850) << "server " << server;
    EXPECT_LT(count, 1150) << "server " << server;
  }
}

// The daemon can tell, too: nothing but the flow and the number of slots decides.
TEST_F(Schedule, ByHashIsWhatTheNativeFunctionSays) {
  serve({5, 6, 7, 8, 9, 10, 11}, PINION_SELECT_HASH);
  for (uint16_t port = 0; port < 100; ++port) {
    pinion_flow4 flow{.sport = __builtin_bswap16(port), .dport = __builtin_bswap16(80)};
    const Bytes from = address_bytes("10.1.0.9"), to = address_bytes("10.0.0.1");
    std::memcpy(&flow.saddr, from.data(), 4);
    std::memcpy(&flow.daddr, to.data(), 4);
    flow.protocol = kTcp;
    const uint32_t hash =
        pinion_hash(reinterpret_cast<const pinion_word*>(&flow), 2, pinion_slot_seed);
    EXPECT_EQ(server_of({.sport = port}), 5 + pinion_spread(hash, 7));
  }
}

// Two directors that share nothing but their configuration.
TEST_F(Schedule, ByHashIsTheSameOnEveryDirector) {
  serve({5, 6, 7, 8, 9, 10, 11}, PINION_SELECT_HASH);
  std::vector<uint32_t> first, second;
  for (uint16_t port = 0; port < 300; ++port) first.push_back(server_of({.sport = port}));
  EXPECT_EQ(director().verdict(PINION_FORWARD_NEW), 300u);
  fail_over();
  serve({5, 6, 7, 8, 9, 10, 11}, PINION_SELECT_HASH);
  director().set_cursor(1, 3);
  for (uint16_t port = 0; port < 300; ++port) second.push_back(server_of({.sport = port}));
  EXPECT_EQ(first, second);
  EXPECT_EQ(director().verdict(PINION_FORWARD_NEW), 300u);
}

// A connection that the other director made by hash survives the failover.
TEST_F(Schedule, MidStreamGoesWhereTheSynWentByHash) {
  serve({5, 6, 7, 8, 9, 10, 11}, PINION_SELECT_HASH);
  std::vector<uint32_t> opened, went_on;
  for (uint16_t port = 0; port < 300; ++port) opened.push_back(server_of({.sport = port}));
  fail_over();
  serve({5, 6, 7, 8, 9, 10, 11}, PINION_SELECT_HASH);
  for (uint16_t port = 0; port < 300; ++port)
    went_on.push_back(server_of({.sport = port, .flags = kAck}));
  EXPECT_EQ(opened, went_on);
}

}  // namespace
}  // namespace pinion::packet
