// SPDX-License-Identifier: Apache-2.0
// The host routes that we add, and the path that the kernel takes to an address.
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
  std::optional<Address> via;  // Nothing: directly on the link.
  uint32_t ifindex = 0;        // 0 in a route to add: the kernel's choice, by `via`.
  uint32_t metric = 0;         // 0 is the kernel's default: none for IPv4, 1024 for IPv6.
  uint8_t mark = kDefaultMark;
  bool local = false;
  bool operator==(const Route& other) const;  // The default metric is itself, written or not.

  // Is it what `wanted` asks for?
  bool meets(const Route& wanted) const;
  // Do both have the same key in the kernel's table, which can hold only one of them?
  bool displaces(const Route& other) const;
};

// The one that a prefix of VIPs needs: the kernel answers ARP for IPv4 addresses that a route makes
// local; for IPv6 it answers for the interfaces' addresses only, and others must be routed to it.
Route local_route(const Prefix& vips, uint8_t mark);

// The routes with this mark.
Result<std::vector<Route>> list_routes(NetlinkSocket& socket, uint8_t mark);
// From RTM_NEWROUTE or RTM_DELROUTE. Nothing if the route has no instance's mark, or the message is
// cut short.
std::optional<Route> parse_host_route(const nlmsghdr& message);

// Fails with EEXIST if there is a route to the same prefix with the same metric, whoever added it.
Result<> add_route(NetlinkSocket& socket, const Route& route);
// Replaces such a route atomically: no packet finds none.
Result<> replace_route(NetlinkSocket& socket, const Route& route);
// Fails with ESRCH if it does not exist (any more). Never deletes a route with another mark.
Result<> delete_route(NetlinkSocket& socket, const Route& route);
std::string to_string(const Route& route);  // "10.0.0.7/32 via 10.0.0.1", without the interface.

// The path to an address: the link, and the gateway if the address is not on it.
struct Path {
  uint32_t ifindex = 0;
  std::optional<Address> gateway;  // May be IPv6 for an IPv4 destination (RFC 5549).
  std::optional<Address> source;   // What the kernel would send from.
  bool local = false;              // The address is the director's own.
  bool operator==(const Path&) const = default;
};

// Nothing if no route leads there (none, or an unreachable, prohibit or blackhole route).
Result<std::optional<Path>> route_to(NetlinkSocket& socket, const Address& address);
std::optional<Path> parse_path(const nlmsghdr& message);

}  // namespace pinion
