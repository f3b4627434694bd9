// SPDX-License-Identifier: Apache-2.0
// The host routes that we add, and the way that the kernel takes to an address.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "balancer/base/error.h"
#include "balancer/base/net.h"
#include "balancer/netlink/mark.h"
#include "balancer/netlink/socket.h"

namespace pinion {

// A unicast route of the main table, or one of the local table, which makes all of its addresses
// the director's own.
struct Route {
  Prefix to;
  std::optional<Address> via;  // Nothing: on the link.
  uint32_t ifindex = 0;        // 0, of a wanted one: the kernel's choice, by `via`.
  uint32_t metric = 0;         // 0 is the kernel's default: none for IPv4, 1024 for IPv6.
  uint8_t mark = kDefaultMark;
  bool local = false;
  bool operator==(const Route& other) const;  // The default metric is itself, written or not.

  // Is it what is wanted?
  bool meets(const Route& wanted) const;
  // Has it the other one's place in the table, which only one can have?
  bool displaces(const Route& other) const;
};

// The one that a prefix of VIPs needs: the kernel answers ARP for IPv4 addresses that a route makes
// local; for IPv6 it answers for the interfaces' addresses only, and others must be routed to it.
Route local_route(const Prefix& vips, uint8_t mark);

// Those with the mark.
Result<std::vector<Route>> list_routes(NetlinkSocket& socket, uint8_t mark);
// Of RTM_NEWROUTE or RTM_DELROUTE; nothing where the route has no instance's mark, or the message
// is cut short.
std::optional<Route> parse_host_route(const nlmsghdr& message);

// Fails with EEXIST where a route to the same prefix with the same metric is there, anybody's.
Result<> add_route(NetlinkSocket& socket, const Route& route);
// Puts it in the place of such a one, without a packet in between.
Result<> replace_route(NetlinkSocket& socket, const Route& route);
// Fails with ESRCH where it is not there (any more); never deletes a route with another mark.
Result<> delete_route(NetlinkSocket& socket, const Route& route);
std::string to_string(const Route& route);  // "10.0.0.7/32 via 10.0.0.1", without the interface.

// The way to an address: the link, and the gateway where the address is not on it.
struct Path {
  uint32_t ifindex = 0;
  std::optional<Address> gateway;  // May be IPv6 for an IPv4 destination (RFC 5549).
  std::optional<Address> source;   // What the kernel would send from.
  bool local = false;              // The address is the director's own.
  bool operator==(const Path&) const = default;
};

// Nothing, where no route leads there (none, or an unreachable, prohibit or blackhole route).
Result<std::optional<Path>> route_to(NetlinkSocket& socket, const Address& address);
std::optional<Path> parse_path(const nlmsghdr& message);

}  // namespace pinion
