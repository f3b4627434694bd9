// SPDX-License-Identifier: Apache-2.0
// A director with a VIP of IPv6 whose real server has IPv4, and what packets become on either way.
#pragma once

#include <linux/bpf.h>

#include "tests/packet/fullnat.h"
#include "tests/packet/icmp.h"

namespace pinion::packet {

class WithCrossing : public WithFullNat {
 protected:
  static constexpr uint32_t kCrossed = 8;
  static constexpr char kCrossedAddress[] = "192.168.5.8", kCrossedVip[] = "2001:db8::2";
  static constexpr size_t kSmallestDf = 1260;

  void SetUp() override {
    WithFullNat::SetUp();
    if (IsSkipped()) return;
    add(kCrossed, kCrossedAddress);
    serve(kCrossedVip, kCrossed);
  }

  // A client's packet.
  static Packet asking(Packet packet = {}) {
    packet = ipv6(packet);
    packet.to = kCrossedVip;
    return packet;
  }

  // What it becomes, but for the identification.
  static Packet crossed(Packet packet, uint16_t port) {
    packet.destination_mac = next_hop_of(kCrossed);
    packet.source_mac = kEgressMac;
    packet.from = kLocal;
    packet.to = kCrossedAddress;
    packet.sport = port;
    packet.dport = kServerPort;
    packet.extensions = {};
    packet.flow_label = 0;
    --packet.ttl;
    if (ip_bytes(packet).size() > kSmallestDf) {
      packet.fragment = kDontFragment;
      packet.id = 0;
    }
    return packet;
  }

  // The server's answer, and what becomes of it, but for the flow label.
  static Packet answering(const Packet& asked, uint16_t port, uint8_t flags = kSyn | kAck) {
    Packet answer = crossed(asked, port);
    answer.from = kCrossedAddress;
    answer.to = kLocal;
    answer.sport = kServerPort;
    answer.dport = port;
    answer.flags = flags;
    answer.ttl = 50;
    answer.destination_mac = asked.destination_mac;
    answer.source_mac = "02:00:00:00:00:dd";
    answer.payload = Bytes(33, 'y');
    return answer;
  }
  static Packet returned(const Packet& asked, Packet answer) {
    answer = received(asked, answer);
    answer.fragment = 0;
    answer.ip_options = {};
    return answer;
  }

  // The identification of small packets is drawn by chance.
  static Packet with_id_of(Packet packet, const Bytes& seen) {
    const size_t at = ip_offset(packet) + 4;
    if (!(packet.fragment & kDontFragment) && seen.size() > at + 1)
      packet.id = static_cast<uint16_t>(seen[at] << 8 | seen[at + 1]);
    return packet;
  }
  // And the flow label is the connection's hash.
  static Packet with_label_of(Packet packet, const Bytes& seen) {
    const size_t at = ip_offset(packet) + 1;
    if (seen.size() > at + 2)
      packet.flow_label = (seen[at] & 15u) << 16 | seen[at + 1] << 8u | seen[at + 2];
    return packet;
  }

  // A packet of the client goes over; the port that it is sent from.
  uint16_t ask(const Packet& packet, pinion_verdict verdict = PINION_FORWARD_NEW) {
    const uint64_t before = director().verdict(verdict);
    const Ran ran = director().run(build(packet));
    const uint16_t port = local_port(packet);
    EXPECT_NE(port, 0u);
    EXPECT_EQ(ran.action, static_cast<uint32_t>(XDP_TX));
    EXPECT_EQ(director().verdict(verdict), before + 1);
    EXPECT_EQ(hex(ran.out), hex(build(with_id_of(crossed(packet, port), ran.out))));
    return port;
  }
  // And one of the server comes back; the flow label that it gets.
  uint32_t answer(const Packet& asked, const Packet& answer) {
    const uint64_t before = director().verdict(PINION_FORWARD_REPLY);
    const Ran ran = director().run(build(answer));
    EXPECT_EQ(ran.action, static_cast<uint32_t>(XDP_TX));
    EXPECT_EQ(director().verdict(PINION_FORWARD_REPLY), before + 1);
    const Packet out = with_label_of(returned(asked, answer), ran.out);
    EXPECT_EQ(hex(ran.out), hex(build(out)));
    return out.flow_label;
  }
};

}  // namespace pinion::packet
