// SPDX-License-Identifier: Apache-2.0
// Frames cut into IP fragments, as a host or a router does it.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/packet/packets.h"

namespace pinion::packet {

// Of a frame without VLAN tags, IPv4 options or extension headers: fragments that carry at most
// `size` bytes each, a multiple of 8. IPv6 has `id`; IPv4 the one that the packet has.
std::vector<Bytes> fragments_of(const Bytes& frame, size_t size, uint32_t id = 7);

// IPv4's identification.
uint16_t id_of(const Bytes& frame);

}  // namespace pinion::packet
