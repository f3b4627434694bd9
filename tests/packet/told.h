// SPDX-License-Identifier: Apache-2.0
// A director whose real servers are reached by full NAT, and told of their clients.
#pragma once

#include <string>
#include <vector>

#include "tests/packet/fullnat.h"

namespace pinion::packet {

class Told : public WithFullNat {
 protected:
  static constexpr uint32_t kIsn = 0xfffffff0;  // Streams wrap soon.

  explicit Told(pinion_client_address how) : how_(how) {}

  void SetUp() override {
    WithFullNat::SetUp();
    if (IsSkipped()) return;
    tell_by(how_);
    director().send_from({kLocal, kLocal6}, 1);  // So every connection has the first port.
  }

  void tell_by(pinion_client_address how) {
    for (const uint32_t server : {kServer, kServer6})
      director().servers()[server].client_address = static_cast<uint8_t>(how);
  }

  static std::vector<Packet> both(const Packet& packet) { return {packet, ipv6(packet)}; }

  // Of the client's stream: `offset` bytes behind its first one.
  static Packet segment(Packet packet, uint32_t offset, const Bytes& payload = {},
                        uint8_t flags = kAck) {
    packet.flags = flags;
    packet.seq = kIsn + 1 + offset;
    packet.payload = payload;
    return packet;
  }
  static Packet syn(Packet packet = {}) { return segment(packet, ~0u, {}, kSyn); }

  // What the client's packet becomes, but for what tells.
  static Packet to_server(const Packet& packet) { return arrived(packet, PINION_FIRST_LOCAL_PORT); }

  // The server's answer, which acknowledges so many bytes of its stream.
  static Packet answer(const Packet& asked, uint32_t acknowledged, uint8_t flags = kAck) {
    Packet answer = reply(asked, PINION_FIRST_LOCAL_PORT, flags);
    answer.seq = 7000;
    answer.ack = kIsn + 1 + acknowledged;
    answer.tcp_options = {};
    return answer;
  }
  static Packet to_client(const Packet& asked, const Packet& answer) {
    return received(asked, answer);
  }

  void sends(const Packet& packet, const Packet& out,
             pinion_verdict verdict = PINION_FORWARD_KNOWN) {
    expect(build(packet), verdict, build(out));
  }
  // What the client gets of the answer acknowledges so many bytes.
  void answers(const Packet& asked, const Packet& answer, uint32_t acknowledged) {
    Packet out = to_client(asked, answer);
    out.ack = kIsn + 1 + acknowledged;
    expect(build(answer), PINION_FORWARD_REPLY, build(out));
  }

 private:
  const pinion_client_address how_;
};

inline Bytes joined(Bytes first, const Bytes& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

// What PROXY protocol puts in front of the client's stream, and what TOA puts into its options.
inline Bytes proxy_header(const Packet& client) {
  Bytes out{0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x21};
  out.push_back(is_v6(client) ? 0x21 : 0x11);
  put16(out, is_v6(client) ? 36 : 12);
  out = joined(joined(out, address_bytes(client.from)), address_bytes(client.to));
  put16(out, client.sport);
  put16(out, client.dport);
  return out;
}
inline Bytes toa_option(const Packet& client) {
  Bytes out{254, static_cast<uint8_t>(is_v6(client) ? 20 : 8)};
  put16(out, client.sport);
  return joined(out, address_bytes(client.from));
}

inline Bytes mss_option(uint16_t mss) {
  return {2, 4, static_cast<uint8_t>(mss >> 8), static_cast<uint8_t>(mss)};
}

}  // namespace pinion::packet
