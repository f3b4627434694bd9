// SPDX-License-Identifier: Apache-2.0
// Where the program has to be for the interfaces that director.interfaces names: a VLAN device's
// frames come in by the device below it, with their tags. No I/O: links go in.
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

struct Placement {
  uint32_t interface = 0;  // Index of the one that was named.
  uint32_t device = 0;     // And of the one that the program is on: itself, or below it.
  std::string device_name;
  std::vector<VlanTag> tags;  // Of the frames that are meant; none: all that come in by the device.
  bool is_bond = false;
  std::map<std::string, uint32_t> ports;  // The bond's, by their names.
  bool operator==(const Placement&) const = default;
};

// Fails where frames do not come in by it, or not so that they can be told apart.
Result<Placement> place(const std::vector<Link>& links, const Link& link);

// What follows for frames. `egress`: the interfaces that real servers are reached by.
Vlans vlans_of(const std::vector<Link>& links, const std::vector<Placement>& placements,
               const std::set<uint32_t>& egress);

// Fails where the hardware takes the tags off the frames that are meant, before XDP sees them. Asks
// the kernel.
Result<> check_tags_stay(const std::string& interface, const Placement& placement);

}  // namespace pinion
