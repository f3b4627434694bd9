// SPDX-License-Identifier: Apache-2.0
#include "balancer/netlink/monitor.h"

#include <sys/socket.h>

#include <array>

#include "balancer/netlink/links.h"
#include "balancer/netlink/routes.h"

namespace pinion {
namespace {

constexpr int kAtOnce = 256;
constexpr std::array kGroups = {RTNLGRP_LINK,        RTNLGRP_NEIGH,      RTNLGRP_IPV4_IFADDR,
                                RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
                                RTNLGRP_IPV4_RULE,   RTNLGRP_IPV6_RULE,  RTNLGRP_NEXTHOP};

void read_change(const nlmsghdr& message, Changes& changes) {
  switch (message.nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      changes.links = true;
      // When a link goes down or away, its routes go, too, and the kernel does not report each.
      changes.routes = true;
      if (auto link = parse_link(message); link && !link->up) changes.down.insert(link->index);
      break;
    case RTM_NEWADDR:
    case RTM_DELADDR:
      changes.addresses = true;
      break;
    case RTM_DELROUTE:
      changes.routes = true;
      changes.host_routes |= parse_host_route(message).has_value();
      break;
    case RTM_NEWROUTE:
    case RTM_NEWRULE:
    case RTM_DELRULE:
    case RTM_NEWNEXTHOP:
    case RTM_DELNEXTHOP:
      changes.routes = true;
      break;
    default:
      if (auto neighbour = parse_neighbour(message))
        changes.neighbours.push_back({*neighbour, message.nlmsg_type == RTM_DELNEIGH});
  }
}

Result<> join_groups(const Fd& fd) {
  for (const int group : kGroups) {
    if (setsockopt(fd.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) != 0)
      return errno_error("join netlink group " + std::to_string(group));
  }
  return {};
}

}  // namespace

void read_changes(std::span<const char> datagram, Changes& changes) {
  for_each_message(datagram, [&](const nlmsghdr& message) { read_change(message, changes); });
}

Result<Monitor> Monitor::open(size_t receive_buffer) {
  Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd) return errno_error("open a netlink socket for reports");
  const int size = static_cast<int>(receive_buffer);
  // Beyond the system's limit if we may, else up to it.
  if (setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
  sockaddr_nl self{};
  self.nl_family = AF_NETLINK;
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&self), sizeof(self)) != 0)
    return errno_error("bind a netlink socket for reports");
  if (auto joined = join_groups(fd); !joined) return joined.error();
  return Monitor(std::move(fd));
}

Changes Monitor::receive() {
  Changes changes;
  for (int i = 0; i < kAtOnce; ++i) {
    sockaddr_nl from{};
    socklen_t from_size = sizeof(from);
    const ssize_t size = recvfrom(fd_.get(), buffer_.data(), buffer_.size(), 0,
                                  reinterpret_cast<sockaddr*>(&from), &from_size);
    if (size < 0 && errno == ENOBUFS) changes.overrun = true;
    if (size < 0 && (errno == ENOBUFS || errno == EINTR)) continue;
    if (size < 0) break;
    // Other processes can send to our port, too.
    if (from.nl_pid == 0)
      read_changes(std::span(buffer_).first(static_cast<size_t>(size)), changes);
  }
  return changes;
}

}  // namespace pinion
