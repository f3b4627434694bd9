// SPDX-License-Identifier: Apache-2.0
// The same packets of both families.
#pragma once

#include "tests/packet/packets.h"

namespace pinion::packet {

inline bool is_v6(const Packet& packet) { return packet.to.find(':') != std::string::npos; }

// From the client to the VIP.
inline Packet ipv6(Packet packet) {
  packet.from = "2001:db8:1::9";
  packet.to = "2001:db8::1";
  return packet;
}

inline void put16(Bytes& out, size_t value) {
  out.push_back(static_cast<uint8_t>(value >> 8));
  out.push_back(static_cast<uint8_t>(value));
}

}  // namespace pinion::packet
