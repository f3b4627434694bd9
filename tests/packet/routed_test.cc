// SPDX-License-Identifier: Apache-2.0
// Replies that go by the director's routes. Here it has none, so they go up its stack, which is to
// find a way; tests/lab/routed.sh has routes.
#include <linux/bpf.h>

#include "tests/packet/nat.h"

namespace pinion::packet {
namespace {

class Routed : public WithNat {
 protected:
  void SetUp() override {
    WithNat::SetUp();
    if (IsSkipped()) return;
    for (const uint32_t server : {kServer, kServer6})
      director().servers()[server].flags |= PINION_SERVER_ROUTED;
  }

  // In the frame that it came in.
  static Bytes up_the_stack(const Packet& asked, const Packet& answer) {
    Packet out = untranslated(asked, answer);
    out.destination_mac = answer.destination_mac;
    out.source_mac = answer.source_mac;
    return build(out);
  }
};

TEST_F(Routed, GoUpTheStackAsFromTheVip) {
  for (const Packet& packet :
       {Packet{}, Packet{.protocol = kUdp, .dport = 53}, ipv6({}), Packet{.tags = {0x8100}}}) {
    expect(build(packet), PINION_FORWARD_NEW, to_server(packet));
    Packet answer = reply(packet);
    answer.tags = {};
    const Ran ran = director().run(build(answer));
    EXPECT_EQ(ran.action, XDP_PASS);
    EXPECT_EQ(hex(ran.out), hex(up_the_stack(packet, answer)));
    director().each_connection([](pinion_connection& one) { one = {}; });
  }
  EXPECT_EQ(director().verdict(PINION_FORWARD_REPLY), 4u);
}

TEST_F(Routed, IsDecidedByTheServerAsItIsNow) {
  director().servers()[kServer].flags &= static_cast<uint8_t>(~PINION_SERVER_ROUTED);
  open({});
  director().servers()[kServer].flags |= PINION_SERVER_ROUTED;
  const Packet answer = reply({}, kAck);
  EXPECT_EQ(director().run(build(answer)).action, XDP_PASS);
}

}  // namespace
}  // namespace pinion::packet
