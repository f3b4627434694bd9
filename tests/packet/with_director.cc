// SPDX-License-Identifier: Apache-2.0
#include <linux/bpf.h>
#include <sched.h>

#include <system_error>

#include "balancer/bpf/conntrack/connection_table.h"
#include "tests/packet/director.h"

namespace pinion::packet {
namespace {

// The actions of PINION_VERDICTS, as XDP has them; what comes from the loopback leaves there, too.
enum Action : uint32_t { PASS = XDP_PASS, DROP = XDP_DROP, FORWARD = XDP_TX, REPLY = XDP_TX };

constexpr uint32_t kActions[] = {XDP_ABORTED,
#define X(name, action, text) action,
                                 PINION_VERDICTS(X)
#undef X
};

}  // namespace

std::unique_ptr<Director> WithDirector::director_;
std::string WithDirector::missing_;

void WithDirector::SetUpTestSuite() {
  if (director_ || !missing_.empty()) return;
  // Each CPU has a cursor and counters of its own: stay on one.
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  sched_setaffinity(0, sizeof(one), &one);
  try {
    director_ = std::make_unique<Director>();
  } catch (const std::system_error& error) {
    if (error.code().value() != EPERM) throw;
    missing_ = std::string("CAP_BPF is missing: ") + error.what();
  }
}

void WithDirector::SetUp() {
  if (!director_) GTEST_SKIP() << missing_;
  director().reset();
  for (uint32_t server = 1; server <= 4; ++server) director().add_server(server, {});
  const char* addresses[] = {"10.0.0.1", "2001:db8::1"};
  for (uint32_t family = 0; family < 2; ++family) {
    const uint32_t first = 1 + 2 * family;
    director().add_service(
        {.address = addresses[family], .index = first, .slot_base = first, .slots = {first}});
    director().add_service({.address = addresses[family],
                            .port = 53,
                            .protocol = kUdp,
                            .index = first + 1,
                            .slot_base = first + 1,
                            .slots = {first + 1}});
  }
}

void WithDirector::expect(const Bytes& in, pinion_verdict verdict, const Bytes& out) {
  auto expected = director().verdicts();
  ++expected[verdict];
  const Ran ran = director().run(in);
  const auto counted = director().verdicts();
  for (size_t i = 0; i < counted.size(); ++i)
    EXPECT_EQ(counted[i], expected[i]) << name_of(static_cast<pinion_verdict>(i));
  EXPECT_EQ(ran.action, kActions[verdict]);
  EXPECT_EQ(hex(ran.out), hex(out));
}

uint32_t WithDirector::server_of(const Packet& packet) {
  const Bytes in = build(packet);
  const Ran ran = director().run(in);
  if (ran.action != XDP_TX) return 0;
  const uint32_t server = ran.out.at(5);
  EXPECT_EQ(hex(ran.out), hex(towards(server, in)));
  return server;
}

pinion_connection& WithDirector::connection() {
  static pinion_connection none;
  none = {};
  pinion_connection* only = &none;
  size_t count = 0;
  director().each_connection([&](pinion_connection& one) {
    only = &one;
    ++count;
  });
  EXPECT_EQ(count, 1u) << "connections";
  return *only;
}

void WithDirector::expect_exact_load() {
  std::vector<pinion_load> counted(kServers);
  director().each_connection([&](pinion_connection& one) {
    if (one.flags & PINION_REPLY) return;
    pinion_load& load = counted.at(PINION_INDEX(one.server));
    ++(pinion_active(pinion_state_of(one.word)) ? load.active : load.inactive);
  });
  for (uint32_t server = 0; server < kServers; ++server) {
    EXPECT_EQ(director().load()[server].active, counted[server].active) << "server " << server;
    EXPECT_EQ(director().load()[server].inactive, counted[server].inactive) << "server " << server;
  }
}

}  // namespace pinion::packet
