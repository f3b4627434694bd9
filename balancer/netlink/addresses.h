// SPDX-License-Identifier: Apache-2.0
// Addresses of interfaces: the VIPs that we add, and everybody else's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "balancer/base/error.h"
#include "balancer/base/net.h"
#include "balancer/netlink/links.h"
#include "balancer/netlink/mark.h"
#include "balancer/netlink/socket.h"

namespace pinion {

struct InterfaceAddress {
  uint32_t ifindex = 0;
  Prefix prefix;
  std::string label;     // IPv4 only: the interface's name, or its sub-interface's: "eth0:3".
  uint8_t protocol = 0;  // IFA_PROTO: the mark of whoever added it.
  uint32_t flags = 0;    // IFA_F_*

  bool is_vip() const { return is_mark(protocol); }  // Of any instance.
  bool operator==(const InterfaceAddress&) const = default;
};

Result<std::vector<InterfaceAddress>> list_addresses(NetlinkSocket& socket);
// Of RTM_NEWADDR or RTM_DELADDR; nothing of any other message, or of one that is cut short.
std::optional<InterfaceAddress> parse_address(const nlmsghdr& message);

// Adds a VIP as /32 or /128, with the mark; `label` "3" makes it the sub-interface eth0:3 (IPv4;
// IPv6 has no labels), "" none. IPv6 is usable at once, without the kernel's duplicate address
// detection: ask find_conflicts() first. Fails with EEXIST where the link has it already.
Result<> add_address(NetlinkSocket& socket, const Link& link, const Address& address,
                     const std::string& label, uint8_t mark);
// Fails with EADDRNOTAVAIL where it is not there (any more), with ENODEV where the link is gone.
Result<> delete_address(NetlinkSocket& socket, const InterfaceAddress& address);

}  // namespace pinion
