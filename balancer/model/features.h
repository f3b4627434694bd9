// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace pinion {

// What the data plane's code is to be for; what is for nothing else is left out of the program.
struct Features {
  uint32_t methods = 0;    // A bit for each forwarding method.
  uint32_t listeners = 0;  // PINION_LISTEN_*
  bool vlans = false;      // Frames are told apart by their tags, and get others.
  bool routed = false;     // Replies go by the director's routes.
  bool crosses = false;    // Real servers of IPv4 are behind VIPs of IPv6, by full NAT.
  uint32_t tcp = 0;        // PINION_TCP_*

  Features operator|(const Features& other) const {
    return {methods | other.methods, listeners | other.listeners, vlans || other.vlans,
            routed || other.routed,  crosses || other.crosses,    tcp | other.tcp};
  }
  // Is all of the other in it?
  bool has(const Features& other) const { return (*this | other) == *this; }
  bool operator==(const Features&) const = default;
};

}  // namespace pinion
