// SPDX-License-Identifier: Apache-2.0
// Chunks of SCTP (RFC 9260, 3.3), and packets of them.
#pragma once

#include <utility>

#include "tests/packet/families.h"

namespace pinion::packet {

enum Chunk : uint8_t {
  kData = 0,
  kInit = 1,
  kInitAck = 2,
  kSack = 3,
  kHeartbeat = 4,
  kAbort = 6,
  kShutdown = 7,
  kShutdownAck = 8,
  kError = 9,
  kCookieEcho = 10,
  kCookieAck = 11,
  kShutdownComplete = 14,
};

// With so many bytes behind its header, filled up to a multiple of 4.
inline Bytes chunk(uint8_t type, size_t size = 12) {
  Bytes out = {type, 0};
  put16(out, 4 + size);
  for (size_t i = 0; i < size; ++i) out.push_back(static_cast<uint8_t>(i * 5));
  out.resize((out.size() + 3) & ~size_t{3});
  return out;
}

inline Bytes chunks(std::initializer_list<Bytes> several) {
  Bytes out;
  for (const Bytes& one : several) out.insert(out.end(), one.begin(), one.end());
  return out;
}

inline constexpr uint32_t kTag = 0xfedcba98;

inline Packet sctp(Packet packet, Bytes payload) {
  packet.protocol = kSctp;
  packet.tag = kTag;
  packet.payload = std::move(payload);
  return packet;
}

// What a client opens an association with: nobody has given it a tag.
inline Packet sctp_init(Packet packet) {
  packet = sctp(std::move(packet), chunk(kInit, 16));
  packet.tag = 0;
  return packet;
}

// And what ends its part of the handshake.
inline Packet cookie_echo(Packet packet) {
  return sctp(std::move(packet), chunks({chunk(kCookieEcho, 101), chunk(kData, 33)}));
}

}  // namespace pinion::packet
