// SPDX-License-Identifier: Apache-2.0
// A real server on the director itself: the stack gets its packets as they came.
#include <linux/bpf.h>

#include "tests/packet/director.h"

namespace pinion::packet {
namespace {

constexpr uint32_t kHere = 5;

class Local : public WithDirector {
 protected:
  void SetUp() override {
    WithDirector::SetUp();
    if (IsSkipped()) return;
    director().add_server(kHere, {.resolved = false, .method = PINION_METHOD_LOCAL});
    director().servers()[kHere].flags |= PINION_SERVER_HERE;
    director().add_service({.slot_base = 10, .slots = {kHere}});
  }

  void expect_passed(const Packet& packet, pinion_verdict verdict) {
    const Bytes in = build(packet);
    const uint64_t before = director().verdict(verdict);
    const Ran ran = director().run(in);
    EXPECT_EQ(ran.action, static_cast<uint32_t>(XDP_PASS));
    EXPECT_EQ(hex(ran.out), hex(in));
    EXPECT_EQ(director().verdict(verdict), before + 1);
  }
};

TEST_F(Local, IsAConnectionLikeAnyOther) {
  expect_passed({}, PINION_FORWARD_NEW);
  expect_passed({.flags = kAck}, PINION_FORWARD_KNOWN);
  EXPECT_EQ(PINION_INDEX(connection().server), kHere);
  EXPECT_EQ(director().counters(kHere).connections, 1u);
  EXPECT_EQ(director().counters(kHere).packets, 2u);
  EXPECT_EQ(director().load()[kHere].active, 1u);
  expect_exact_load();
}

TEST_F(Local, IsReachableWithoutANextHop) {
  expect_passed({}, PINION_FORWARD_NEW);
  expect_passed({}, PINION_FORWARD_KNOWN);
  EXPECT_EQ(PINION_INDEX(connection().server), kHere);
}

// A program that was loaded without the method never sends its packets elsewhere.
TEST_F(Local, WithoutTheMethodsCodeItIsDropped) {
  Director lean({.code = {.methods = 1u << PINION_METHOD_DR}});
  lean.reset();
  lean.add_server(kHere, {.method = PINION_METHOD_LOCAL});
  lean.add_service({.slots = {kHere}});
  EXPECT_EQ(lean.run(build({})).action, static_cast<uint32_t>(XDP_DROP));
  EXPECT_EQ(lean.verdict(PINION_DROP_INTERNAL), 1u);
}

}  // namespace
}  // namespace pinion::packet
