// SPDX-License-Identifier: Apache-2.0
// Where the program must be attached for an interface of director.interfaces: frames of a VLAN
// device arrive at the device below it, with their tags. No I/O, but where it says so.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "balancer/base/error.h"
#include "balancer/model/vlans.h"
#include "balancer/netlink/links.h"

namespace pinion {

struct AttachPoint {
  uint32_t interface = 0;  // Index of the interface that was named.
  uint32_t device = 0;     // Index of the one that has the program: the same, or one below it.
  std::string device_name;
  std::vector<VlanTag>
      tags;  // Of the frames to balance, outermost first; none: all of the device's.
  bool is_bond = false;
  std::map<std::string, uint32_t> ports;  // Of the bond, by name.
  bool operator==(const AttachPoint&) const = default;
};

// By the names that director.interfaces gives.
using AttachPoints = std::map<std::string, AttachPoint>;

// Fails, naming the remedy, where the link's frames do not arrive at it, or cannot be told apart.
Result<AttachPoint> attach_point_of(const std::vector<Link>& links, const Link& link);

// What the data plane must know of VLANs for these. `egress`: the interfaces that real servers are
// reached by.
Vlans vlans_of(const std::vector<Link>& links, const std::vector<AttachPoint>& points,
               const std::set<uint32_t>& egress);

// Fails where the hardware strips the tags of the frames to balance before XDP sees them. Asks the
// kernel.
Result<> check_tags_stay(const std::string& interface, const AttachPoint& point);

}  // namespace pinion
