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
  Mac mac;             // All 0 where the kernel knows none.
  uint16_t state = 0;  // NUD_*

  bool valid() const;  // The kernel would send to `mac`.
  bool fixed() const;  // Set by somebody, or needs no asking: the kernel never asks for it.
  bool operator==(const Neighbour&) const = default;
};

Result<std::vector<Neighbour>> list_neighbours(NetlinkSocket& socket);
// Nothing, where the table has no such entry.
Result<std::optional<Neighbour>> get_neighbour(NetlinkSocket& socket, uint32_t ifindex,
                                               const Address& address);
// Of RTM_NEWNEIGH or RTM_DELNEIGH of IPv4 or IPv6; nothing of a bridge's entry, a proxy's, or of a
// message that is cut short.
std::optional<Neighbour> parse_neighbour(const nlmsghdr& message);

// Has the kernel resolve the entry and keep it fresh (NTF_EXT_MANAGED). Not for an entry that is
// fixed(): the kernel would make it an ordinary one.
Result<> keep_resolved(NetlinkSocket& socket, uint32_t ifindex, const Address& address);
// Sets the MAC address of an entry that is kept resolved; it stays so.
Result<> correct_neighbour(NetlinkSocket& socket, uint32_t ifindex, const Address& address,
                           const Mac& mac);
// Ends keep_resolved() by deleting the entry: whoever else uses it has it resolved anew. No error,
// where it is not there any more.
Result<> release_neighbour(NetlinkSocket& socket, uint32_t ifindex, const Address& address);

}  // namespace pinion
