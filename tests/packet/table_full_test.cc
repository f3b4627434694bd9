// SPDX-License-Identifier: Apache-2.0
// A full table: nothing established is displaced, and packets find their real server without it.
#include <linux/bpf.h>

#include <cstring>
#include <map>

#include "balancer/bpf/conntrack/connection_table.h"
#include "tests/packet/director.h"

namespace pinion::packet {
namespace {

class FullTable : public WithDirector {
 protected:
  static constexpr uint32_t kStranger = 60;  // The server of all connections that fill the table.

  void SetUp() override {
    WithDirector::SetUp();
    if (IsSkipped()) return;
    for (uint32_t server = 1; server <= 10; ++server) director().add_server(server, {});
    director().add_server(kStranger, {});
    director().add_service({.slot_base = 20, .slots = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}});
  }

  // Every entry becomes a connection of nobody's flow.
  void fill(uint8_t state, uint32_t idle = 0) {
    const uint32_t seen = tick() - idle;
    director().each_connection(
        [&](pinion_connection& connection) {
          connection = {
              .word = 0x100u | state, .seen = seen, .server = PINION_REFERENCE(kStranger, 1)};
          pinion_load& load = director().load()[kStranger];
          if (state != PINION_STATE_CLAIMED) ++(pinion_active(state) ? load.active : load.inactive);
        },
        true);
  }
  uint32_t entries() { return static_cast<uint32_t>(director().entries4().size()); }
};

TEST_F(FullTable, OfEstablishedConnectionsKeepsThemAll) {
  fill(PINION_STATE_ESTABLISHED);
  const std::vector<pinion_entry4> before(director().entries4().begin(),
                                          director().entries4().end());
  std::map<uint16_t, uint32_t> servers;
  for (uint16_t port = 0; port < 500; ++port) {
    const uint32_t server = server_of({.sport = port});
    ASSERT_NE(server, 0u);
    // All that follows goes to the same real server, though nothing is remembered.
    EXPECT_EQ(server_of({.sport = port, .flags = kAck}), server);
    EXPECT_EQ(server_of({.sport = port, .flags = kFin | kAck}), server);
    servers[port] = server;
  }
  EXPECT_EQ(director().verdict(PINION_FORWARD_TABLE_FULL), 1500u);
  EXPECT_EQ(std::memcmp(before.data(), director().entries4().data(),
                        before.size() * sizeof(pinion_entry4)),
            0);
  expect_exact_load();
  // Mid-stream on a director with another seed, and with room: the same servers.
  fail_over();
  for (const auto& [port, server] : servers)
    EXPECT_EQ(server_of({.sport = port, .flags = kAck}), server);
  EXPECT_EQ(director().verdict(PINION_FORWARD_NEW), 500u);
}

TEST_F(FullTable, OfIpv6ConnectionsKeepsThemAllToo) {
  fill(PINION_STATE_ESTABLISHED);
  const Packet packet{.from = "2001:db8:1::9", .to = "2001:db8::1"};
  for (int i = 0; i < 3; ++i) expect_forwarded(packet, PINION_FORWARD_TABLE_FULL, 3);
}

struct Evicted {
  const char* name;
  pinion_state state;
  uint32_t idle;
  bool displaced;

  friend void PrintTo(const Evicted& evicted, std::ostream* out) { *out << evicted.name; }
};

class FullOf : public FullTable, public testing::WithParamInterface<Evicted> {};

TEST_P(FullOf, GivesAPlaceOrNot) {
  fill(GetParam().state, GetParam().idle);
  const uint32_t before =
      director().load()[kStranger].active + director().load()[kStranger].inactive;
  for (uint16_t port = 0; port < 100; ++port) EXPECT_NE(server_of({.sport = port}), 0u);
  const uint32_t after =
      director().load()[kStranger].active + director().load()[kStranger].inactive;
  EXPECT_EQ(before - after, GetParam().displaced ? 100u : 0u);
  EXPECT_EQ(
      director().verdict(GetParam().displaced ? PINION_FORWARD_NEW : PINION_FORWARD_TABLE_FULL),
      100u);
  expect_exact_load();
}

// Tests take time: what is still alive is a second away from its timeout.
constexpr uint32_t kSecondOfTicks = 1000;
const Evicted kEvicted[] = {
    {"HalfOpen", PINION_STATE_SYN_RECEIVED, 10, true},
    {"PickedUp", PINION_STATE_PICKED_UP, 10, true},
    {"HalfOpenExpired", PINION_STATE_SYN_RECEIVED, kSynTimeout + 1, true},
    {"Established", PINION_STATE_ESTABLISHED, kEstablishedTimeout - kSecondOfTicks, false},
    {"EstablishedExpired", PINION_STATE_ESTABLISHED, kEstablishedTimeout + 1, true},
    {"FinWait", PINION_STATE_FIN_WAIT, kFinTimeout - kSecondOfTicks, false},
    {"FinWaitExpired", PINION_STATE_FIN_WAIT, kFinTimeout + 1, true},
    {"Closed", PINION_STATE_CLOSED, kClosedTimeout - kSecondOfTicks, false},
    {"ClosedExpired", PINION_STATE_CLOSED, kClosedTimeout + 1, true},
    {"Udp", PINION_STATE_UDP, kUdpTimeout - kSecondOfTicks, false},
    {"UdpExpired", PINION_STATE_UDP, kUdpTimeout + 1, true},
    {"Claimed", PINION_STATE_CLAIMED, kEstablishedTimeout + 1, false},
};
INSTANTIATE_TEST_SUITE_P(Connections, FullOf, testing::ValuesIn(kEvicted),
                         [](const auto& at) { return std::string(at.param.name); });

TEST_F(FullTable, ASynFloodDisplacesOnlyHalfOpenOnes) {
  const uint16_t established = 600;
  for (uint16_t port = 0; port < established; ++port)
    for (const uint8_t flags : {kSyn, kAck}) director().run(build({.sport = port, .flags = flags}));
  const auto known_before = director().verdict(PINION_FORWARD_KNOWN);
  // Ten times as many as there are places, from everywhere.
  for (uint32_t i = 0; i < 10 * entries(); ++i)
    director().run(
        build({.from = "172.16." + std::to_string(i / 250 % 250) + "." + std::to_string(i % 250),
               .sport = static_cast<uint16_t>(i)}));
  EXPECT_EQ(director().verdict(PINION_FORWARD_KNOWN), known_before);
  for (uint16_t port = 0; port < established; ++port)
    director().run(build({.sport = port, .flags = kAck}));
  EXPECT_EQ(director().verdict(PINION_FORWARD_KNOWN), known_before + established);
  expect_exact_load();
}

}  // namespace
}  // namespace pinion::packet
