// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "balancer/base/error.h"
#include "balancer/base/net.h"
#include "balancer/netlink/socket.h"

namespace pinion {

// What a VLAN device puts in front of what leaves by it.
struct VlanTag {
  uint16_t protocol = 0;  // 802.1Q's or 802.1ad's EtherType.
  uint16_t vlan = 0;
  bool operator==(const VlanTag&) const = default;
};

// A network interface. Its index is new where it was deleted and created again under its name.
struct Link {
  uint32_t index = 0;
  std::string name;
  Mac mac;  // All 0 where it is no Ethernet interface.
  uint32_t mtu = 0;
  bool up = false;      // Switched on, and has a carrier.
  bool arp = true;      // Its neighbours are asked for their MAC addresses.
  uint32_t master = 0;  // Index of its bridge or bond; 0: none.
  std::string kind;     // "veth", "bridge", "vlan", ...; "" for hardware.
  // Of a VLAN device: the one below it; 0 where that is in another network namespace.
  uint32_t lower = 0;
  VlanTag tag;
  bool is_vlan() const { return kind == "vlan"; }
  bool is_bond() const { return kind == "bond"; }
  bool operator==(const Link&) const = default;
};

Result<std::vector<Link>> list_links(NetlinkSocket& socket);
// Of RTM_NEWLINK or RTM_DELLINK; nothing of any other message, or of one that is cut short.
std::optional<Link> parse_link(const nlmsghdr& message);

const Link* find_link(const std::vector<Link>& links, const std::string& name);
const Link* find_link(const std::vector<Link>& links, uint32_t index);

}  // namespace pinion
