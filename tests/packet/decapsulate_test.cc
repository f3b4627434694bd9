// SPDX-License-Identifier: Apache-2.0
// What deploy/decapsulate makes of a tunnel's packets on the real server, and of all others.
#include <linux/bpf.h>

#include "tests/packet/tunnel.h"

namespace pinion::packet {
namespace {

class Decapsulate : public WithTunnel {
 protected:
  void SetUp() override {
    WithTunnel::SetUp();
    if (IsSkipped()) return;
    object_.reset(
        bpf_object__open_file(PINION_BINARY_DIR "/deploy/decapsulate/decap.bpf.o", nullptr));
    ASSERT_TRUE(object_);
    ASSERT_EQ(bpf_object__load(object_.get()), 0);
  }

  Ran unpack(const Bytes& in) {
    return run_program(bpf_program__fd(bpf_object__find_program_by_name(object_.get(), "decap")),
                       in);
  }

  void expect_unpacked(const Bytes& in, const Bytes& out) {
    const Ran ran = unpack(in);
    EXPECT_EQ(ran.action, static_cast<uint32_t>(XDP_PASS));
    EXPECT_EQ(hex(ran.out), hex(out));
  }

  // All the way through a tunnel of each kind.
  void expect_through(const Packet& packet) {
    Packet arrived = packet;
    --arrived.ttl;
    const Bytes out = towards(kServer, build(arrived));
    for (const pinion_tunnel tunnel : {PINION_TUNNEL_IPIP, PINION_TUNNEL_GRE, PINION_TUNNEL_GUE}) {
      expect_unpacked(wrapped(packet, kServer4, kSource4, {tunnel, true}), out);
      expect_unpacked(wrapped(packet, kServer6, kSource6, {tunnel, true}), out);
    }
  }

 private:
  struct Close {
    void operator()(bpf_object* object) const { bpf_object__close(object); }
  };
  std::unique_ptr<bpf_object, Close> object_;
};

TEST_F(Decapsulate, LeavesThePacketThatWasPutIn) {
  for (const std::vector<uint16_t>& tags :
       {std::vector<uint16_t>{}, {kVlan}, {kServiceVlan, kVlan}}) {
    expect_through({.tags = tags});
    expect_through({.tags = tags, .protocol = kUdp, .payload = Bytes(1300, 'x')});
    expect_through({.tags = tags, .ip_options = Bytes(40, 1)});
    expect_through(ipv6({.tags = tags}));
    expect_through(ipv6({.tags = tags, .extensions = {hop_by_hop()}}));
  }
}

// RFC 6040, 4.2.
TEST_F(Decapsulate, PassesOnThatThereIsCongestion) {
  for (const Packet& packet : {Packet{.traffic_class = 0xba}, ipv6({.traffic_class = 0xba})}) {
    for (const bool v6 : {false, true}) {
      Bytes met = v6 ? wrapped(packet, kServer6, kSource6) : wrapped(packet, kServer4, kSource4);
      met[15] = static_cast<uint8_t>(met[15] | (v6 ? 0x30 : 0x03));
      Packet arrived = packet;
      --arrived.ttl;
      arrived.traffic_class = 0xbb;
      expect_unpacked(met, towards(kServer, build(arrived)));
    }
  }
  Bytes lost = wrapped({.traffic_class = 0xb8}, kServer4, kSource4);
  lost[15] = 0xbb;
  EXPECT_EQ(unpack(lost).action, static_cast<uint32_t>(XDP_DROP));
}

TEST_F(Decapsulate, LeavesAllOthersAlone) {
  Bytes fragment = wrapped({}, kServer4, kSource4);
  fragment[20] = 0x20;
  Bytes keyed = wrapped({}, kServer4, kSource4, {PINION_TUNNEL_GRE});
  keyed[34] = 0x20;
  Bytes control = wrapped({}, kServer4, kSource4, {PINION_TUNNEL_GUE});
  control[42] = 0x20;
  for (const Bytes& in :
       {build({}), build({.protocol = kUdp}), build(ipv6({})), fragment, keyed, control,
        build({.protocol = kIpip, .payload = {}}), frame("02:00:00:00:00:aa", 0x0806, Bytes(28))})
    expect_unpacked(in, in);
  const Bytes whole = wrapped(ipv6({}), kServer6, kSource6, {PINION_TUNNEL_GUE});
  for (size_t length = 14; length < 14 + 52; ++length) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length));
    expect_unpacked(cut, cut);
  }
}

}  // namespace
}  // namespace pinion::packet
