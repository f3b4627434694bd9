// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "balancer/base/net.h"

namespace pinion {

// How a frame gets to an address: out of which interface, and from and to which MAC address.
struct NextHop {
  uint32_t ifindex = 0;
  Mac destination;
  Mac source;
  uint16_t mtu = 0;  // Of the interface; 65535 where that is larger.
  bool operator==(const NextHop&) const = default;
};

// A fact about an address, learned from the kernel.
struct Reachability {
  NextHop next_hop;        // The last one known; destination is 0 where none ever was.
  bool reachable = false;  // The kernel's neighbour entry has not failed, the link is up.
  bool on_link = true;     // No gateway in between.
  Address source;          // Of the director's own packets there; unspecified where it has none.
  bool operator==(const Reachability&) const = default;
};

}  // namespace pinion
