// SPDX-License-Identifier: Apache-2.0
// ICMP errors about packets, built whole: every checksum is computed anew.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "tests/packet/families.h"

namespace pinion::packet {

inline constexpr uint16_t kDontFragment = 0x4000;

// The IP packet in a frame.
inline Bytes ip_bytes(const Packet& packet) {
  const Bytes frame = build(packet);
  return {frame.begin() + static_cast<std::ptrdiff_t>(ip_offset(packet)), frame.end()};
}

// What the other end sends back.
inline Packet turned(Packet packet) {
  std::swap(packet.from, packet.to);
  std::swap(packet.sport, packet.dport);
  return packet;
}

// The first of an ICMP message's bytes: type, code, no checksum yet, and what the type has there.
struct Error {
  uint8_t type4, type6;
  uint8_t code = 0;
  uint16_t rest = 0;
};
inline constexpr Error kUnreachable = {.type4 = 3, .type6 = 1, .code = 3};
inline constexpr Error kExceeded = {.type4 = 11, .type6 = 3};
inline constexpr Error kParameter = {.type4 = 12, .type6 = 4, .rest = 0x0800};
inline constexpr Error kTooBig4 = {.type4 = 3, .type6 = 2, .code = 4, .rest = 1400};
inline constexpr Error kTooBig6 = {.type4 = 3, .type6 = 2, .rest = 1400};

inline constexpr size_t kAll = 9999;

// Makes `packet` an error that quotes so many bytes of this IP packet.
inline Packet with_quote(Packet packet, const Error& error, Bytes quoted) {
  packet.protocol = is_v6(packet) ? kIcmp6 : kIcmp;
  packet.payload = {is_v6(packet) ? error.type6 : error.type4, error.code, 0, 0, 0, 0};
  put16(packet.payload, error.rest);
  packet.payload.insert(packet.payload.end(), quoted.begin(), quoted.end());
  return packet;
}

// What a router between the ends tells the sender of `about`.
inline Packet error_about(const Packet& about, const Error& error, size_t bytes = kAll) {
  Bytes quoted = ip_bytes(about);
  quoted.resize(std::min(bytes, quoted.size()));
  Packet packet;
  packet.from = is_v6(about) ? "2001:db8:7::1" : "10.7.0.1";
  packet.to = about.from;
  packet.traffic_class = 0xc0;
  return with_quote(packet, error, quoted);
}

// With so many bytes in all.
inline Packet sized(Packet packet, size_t bytes) {
  packet.payload.clear();
  packet.payload = Bytes(bytes - ip_bytes(packet).size());
  for (size_t i = 0; i < packet.payload.size(); ++i)
    packet.payload[i] = static_cast<uint8_t>(i * 7);
  return packet;
}

// The director's answer to the sender of a packet that does not fit.
inline Bytes too_big(const Packet& packet, uint32_t mtu) {
  Bytes quoted = ip_bytes(packet);
  quoted.resize(is_v6(packet) ? 1232 : 548);
  Packet reply = {.destination_mac = packet.source_mac,
                  .source_mac = packet.destination_mac,
                  .tags = packet.tags,
                  .vlans = packet.vlans,
                  .from = packet.to,
                  .to = packet.from};
  reply.fragment = kDontFragment;
  reply.id = 0;
  reply.traffic_class = is_v6(packet) ? 0 : 0xc0;
  Error error = is_v6(packet) ? kTooBig6 : kTooBig4;
  error.rest = static_cast<uint16_t>(mtu);
  return build(with_quote(reply, error, quoted));
}

}  // namespace pinion::packet
