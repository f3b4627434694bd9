// SPDX-License-Identifier: Apache-2.0
// The kernel's neighbour table (ARP, ND).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "balancer/base/error.h"
#include "balancer/base/net.h"
#include "balancer/netlink/socket.h"

namespace pinion {

struct Neighbour {
  uint32_t ifindex = 0;
  Address address;
  Mac mac;             // All 0 if the kernel knows none.
  uint16_t state = 0;  // NUD_*

  bool valid() const;  // The kernel would send to `mac`.
  bool fixed() const;  // Set by somebody, or needs no resolution: the kernel never probes it.
  bool operator==(const Neighbour&) const = default;
};

Result<std::vector<Neighbour>> list_neighbours(NetlinkSocket& socket);
// Nothing if the table has no such entry.
Result<std::optional<Neighbour>> get_neighbour(NetlinkSocket& socket, uint32_t ifindex,
                                               const Address& address);
// From RTM_NEWNEIGH or RTM_DELNEIGH of IPv4 or IPv6. Nothing for a bridge's or a proxy's entry, or
// a message that is cut short.
std::optional<Neighbour> parse_neighbour(const nlmsghdr& message);

// Makes the kernel resolve the entry and keep it fresh (NTF_EXT_MANAGED). REQUIRES: the entry is
// not fixed(); the kernel would make it an ordinary one.
Result<> keep_resolved(NetlinkSocket& socket, uint32_t ifindex, const Address& address);
// Sets the MAC address of an entry that is kept resolved, and keeps it so.
Result<> correct_neighbour(NetlinkSocket& socket, uint32_t ifindex, const Address& address,
                           const Mac& mac);
// Ends keep_resolved() by deleting the entry; other users have it resolved again. No error if it
// does not exist any more.
Result<> release_neighbour(NetlinkSocket& socket, uint32_t ifindex, const Address& address);

}  // namespace pinion
