// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "balancer/bpf/abi/abi.h"
#include "config/config.h"

namespace pinion {

// What the program must be able to do. Code for anything else is left out of it.
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

// What a real server's entry in the map needs. `v6_clients`: its service's VIPs are, or may be,
// IPv6.
Features features_of(const pinion_real_server& entry, bool v6_clients);
// What a configuration's services need, before a Model or a map exists: the same, of the entries
// that the Model will write.
Features features_of(const std::vector<config::Service>& services);

}  // namespace pinion
