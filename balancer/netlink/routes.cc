// SPDX-License-Identifier: Apache-2.0
#include "balancer/netlink/routes.h"

#include <algorithm>
#include <array>

namespace pinion {
namespace {

constexpr uint32_t kDefaultMetricV6 = 1024;  // IP6_RT_PRIO_USER
constexpr uint32_t kLoopback = 1;            // The index of lo, in every network namespace.

// A gateway of another family than the destination's: RTA_VIA holds the family, then the address.
std::optional<Address> read_via(const nlattr& attribute) {
  const size_t size = mnl_attr_get_payload_len(&attribute);
  const auto* bytes = static_cast<const uint8_t*>(mnl_attr_get_payload(&attribute));
  std::array<uint8_t, 16> v6;
  if (size < sizeof(sa_family_t) + v6.size()) return {};
  sa_family_t family;
  std::memcpy(&family, bytes, sizeof(family));
  if (family != AF_INET6) return {};
  std::memcpy(v6.data(), bytes + sizeof(family), v6.size());
  return Address::from_v6(v6);
}

// What a route's message holds for either purpose.
struct RawRoute {
  Prefix to;
  std::optional<Address> gateway;
  std::optional<Address> source;
  uint32_t ifindex = 0;
  uint32_t metric = 0;
  uint32_t table = 0;
};

void read_attribute(const nlattr& attribute, int family, RawRoute& route) {
  switch (mnl_attr_get_type(&attribute)) {
    case RTA_DST:
      if (auto to = read_address(attribute, family)) route.to.address = *to;
      break;
    case RTA_GATEWAY:
      route.gateway = read_address(attribute, family);
      break;
    case RTA_VIA:
      route.gateway = read_via(attribute);
      break;
    case RTA_PREFSRC:
      route.source = read_address(attribute, family);
      break;
    case RTA_OIF:
      route.ifindex = read_u32(attribute).value_or(0);
      break;
    case RTA_PRIORITY:
      route.metric = read_u32(attribute).value_or(0);
      break;
    case RTA_TABLE:
      route.table = read_u32(attribute).value_or(0);
      break;
    default:
      break;
  }
}

RawRoute read_route(const nlmsghdr& message, const rtmsg& header) {
  RawRoute route;
  route.table = header.rtm_table;
  // A default route has no RTA_DST.
  route.to = {header.rtm_family == AF_INET ? Address::from_v4(0) : Address(), header.rtm_dst_len};
  for_each_attribute(message, sizeof(rtmsg), [&](const nlattr& attribute) {
    read_attribute(attribute, header.rtm_family, route);
  });
  return route;
}

const rtmsg* route_header(const nlmsghdr& message) {
  if (message.nlmsg_type != RTM_NEWROUTE && message.nlmsg_type != RTM_DELROUTE) return nullptr;
  const auto* header = family_header<rtmsg>(message);
  if (header == nullptr) return nullptr;
  const bool ip = header->rtm_family == AF_INET || header->rtm_family == AF_INET6;
  return ip ? header : nullptr;
}

uint32_t effective_metric(const Route& route) {
  return route.metric == 0 && !route.to.address.is_v4() ? kDefaultMetricV6 : route.metric;
}

Message route_message(uint16_t type, uint16_t flags, const Route& route) {
  rtmsg header{};
  header.rtm_family = static_cast<uint8_t>(route.to.address.family());
  header.rtm_dst_len = route.to.length;
  header.rtm_table = route.local ? RT_TABLE_LOCAL : RT_TABLE_MAIN;
  header.rtm_protocol = route.mark;
  header.rtm_scope = route.local ? RT_SCOPE_HOST : route.via ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
  header.rtm_type = route.local ? RTN_LOCAL : RTN_UNICAST;
  Message message = Message::with(type, flags, header);
  message.put(RTA_DST, route.to.address);
  if (route.via) message.put(RTA_GATEWAY, *route.via);
  if (route.ifindex != 0) message.put_u32(RTA_OIF, route.ifindex);
  if (route.metric != 0) message.put_u32(RTA_PRIORITY, route.metric);
  return message;
}

// How the kernel says that it has no way to an address; EINVAL is a blackhole route.
bool means_no_route(const Error& error) {
  constexpr std::array kNumbers = {ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL, ENETDOWN};
  return std::find(kNumbers.begin(), kNumbers.end(), error.code.value()) != kNumbers.end();
}

}  // namespace

bool Route::operator==(const Route& other) const {
  return to == other.to && via == other.via && ifindex == other.ifindex &&
         effective_metric(*this) == effective_metric(other) && mark == other.mark &&
         local == other.local;
}

bool Route::meets(const Route& wanted) const {
  Route same = wanted;
  if (same.ifindex == 0) same.ifindex = ifindex;
  return *this == same;
}

bool Route::displaces(const Route& other) const {
  return to == other.to && effective_metric(*this) == effective_metric(other) &&
         local == other.local;
}

Route local_route(const Prefix& vips, uint8_t mark) {
  return {.to = vips, .ifindex = kLoopback, .mark = mark, .local = true};
}

std::string to_string(const Route& route) {
  return route.to.to_string() + (route.via ? " via " + route.via->to_string() : std::string());
}

std::optional<Route> parse_host_route(const nlmsghdr& message) {
  const rtmsg* header = route_header(message);
  if (header == nullptr || !is_mark(header->rtm_protocol)) return {};
  const RawRoute raw = read_route(message, *header);
  const bool unicast_of_main = raw.table == RT_TABLE_MAIN && header->rtm_type == RTN_UNICAST;
  const bool local = raw.table == RT_TABLE_LOCAL && header->rtm_type == RTN_LOCAL;
  if (!(unicast_of_main || local) || raw.to.length > raw.to.address.bits()) return {};
  return Route{raw.to, raw.gateway, raw.ifindex, raw.metric, header->rtm_protocol, local};
}

// The mark in the header is for kernels that check it (NETLINK_GET_STRICT_CHK): they send no
// others.
Result<std::vector<Route>> list_routes(NetlinkSocket& socket, uint8_t mark) {
  rtmsg header{};
  header.rtm_protocol = mark;
  auto routes =
      socket.dump(Message::with(RTM_GETROUTE, 0, header), "list the routes", parse_host_route);
  if (routes) std::erase_if(*routes, [&](const Route& route) { return route.mark != mark; });
  return routes;
}

Result<> add_route(NetlinkSocket& socket, const Route& route) {
  return socket.request(route_message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, route),
                        "add the route to " + to_string(route));
}

Result<> replace_route(NetlinkSocket& socket, const Route& route) {
  return socket.request(route_message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, route),
                        "replace the route to " + to_string(route));
}

Result<> delete_route(NetlinkSocket& socket, const Route& route) {
  return socket.request(route_message(RTM_DELROUTE, 0, route),
                        "delete the route to " + to_string(route));
}

std::optional<Path> parse_path(const nlmsghdr& message) {
  const rtmsg* header = route_header(message);
  if (header == nullptr) return {};
  const RawRoute raw = read_route(message, *header);
  const bool local = header->rtm_type == RTN_LOCAL;
  if (raw.ifindex == 0 || (!local && header->rtm_type != RTN_UNICAST)) return {};
  return Path{raw.ifindex, raw.gateway, raw.source, local};
}

Result<std::optional<Path>> route_to(NetlinkSocket& socket, const Address& address) {
  rtmsg header{};
  header.rtm_family = static_cast<uint8_t>(address.family());
  header.rtm_dst_len = address.bits();
  Message message = Message::with(RTM_GETROUTE, 0, header);
  message.put(RTA_DST, address);
  auto path =
      socket.get(message, "find the route to " + address.to_string(), ENETUNREACH, parse_path);
  if (!path && means_no_route(path.error())) return std::optional<Path>();
  return path;
}

}  // namespace pinion
