// SPDX-License-Identifier: Apache-2.0
// Listeners: each for itself, and that no two take the same packets.
#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "config/check/parts.h"

namespace pinion::config {
namespace {

// The position of a listener among those of all services.
struct Place {
  const Listener* listener = nullptr;
  size_t service = 0;
  size_t number = 0;
};

// The path that an operator expects: that of the service, if it has only one listener.
std::string place_of(const std::vector<Service>& services, size_t i, size_t j) {
  const std::string service = element_path("services", i);
  return services[i].listeners.size() == 1 ? service : element_path(service + ".listeners", j);
}

// Whether an IPv6 prefix contains ::ffff:0:0/96, which stands for IPv4 in the tables.
bool covers_ipv4(const Prefix& prefix) {
  constexpr uint8_t kMappedBits = 96;
  if (prefix.address.is_v4() || prefix.length > kMappedBits) return false;
  const Address mapped = Address::from_v4(0);
  for (size_t bit = 0; bit < prefix.length; ++bit)
    if ((mapped.bytes()[bit / 8] ^ prefix.address.bytes()[bit / 8]) & 0x80 >> bit % 8) return false;
  return true;
}

// Returns "" if there is none.
std::string vip_fault(const Prefix& vip) {
  if (const auto fault = host_address_fault(vip.address); !fault.empty()) return std::string(fault);
  if (std::string fault = host_bits_fault(vip); !fault.empty()) return fault;
  if (covers_ipv4(vip)) return "contains the IPv4-mapped addresses, ::ffff:0:0/96";
  return "";
}

std::string ports_fault(const Listener& listener) {
  const Ports& ports = listener.ports;
  if (ports.first == 0 && !ports.is_any()) return "expected a port from 1 to 65535, got 0";
  if (listener.vip.is_host() || ports.is_any() || ports.count() <= kMostPortsOfPrefix) return "";
  return "at a prefix a range has at most " + std::to_string(kMostPortsOfPrefix) + " ports, and " +
         ports.to_string() + " has " + std::to_string(ports.count()) + "; write any, or divide it";
}

void check_listener(const Config& config, const Listener& listener, const KeptVips& kept,
                    const std::string& path, Findings& findings) {
  if (std::string fault = ports_fault(listener); !fault.empty())
    findings.error(path + ".port", std::move(fault));
  if (std::string fault = vip_fault(listener.vip); !fault.empty())
    return findings.error(path + ".vip", std::move(fault));
  const Connections& connections = config.director.connections;
  const bool v4 = listener.vip.address.is_v4();
  if ((v4 ? connections.ipv4 : connections.ipv6) == 0)
    findings.error(path + ".vip", "its family is switched off; give director.connections." +
                                      std::string(v4 ? "ipv4" : "ipv6") + " a capacity");
  if (!kept.has(listener.vip))
    findings.warning(path + ".vip", host_or_prefix(listener.vip) +
                                        " is not in \"vips\": something else must configure it");
}

// If two listeners overlap, the inner one gets the packets. If neither is inside the other, the
// choice is ambiguous.
void check_pair(const std::vector<Service>& services, const Place& first, const Place& second,
                Findings& findings) {
  const bool same = first.listener->ports == second.listener->ports;
  if (!same && second.listener->ports.last <= first.listener->ports.last) return;
  const std::string there = place_of(services, first.service, first.number);
  std::string what = to_string(*second.listener);
  if (same)
    what += " is " + there + " already; give one of the two another VIP, port or protocol";
  else
    what += " overlaps " + there + ", " + to_string(*first.listener) +
            ", and neither is inside the other; divide the ports otherwise";
  findings.error(place_of(services, second.service, second.number), std::move(what));
}

// Checks the listeners of one prefix and protocol. Sorts them by first port, and compares each with
// the innermost range that contains that port.
void check_group(const std::vector<Service>& services, std::vector<Place>& group,
                 Findings& findings) {
  std::stable_sort(group.begin(), group.end(), [](const Place& a, const Place& b) {
    return std::tuple(a.listener->ports.first, b.listener->ports.last) <
           std::tuple(b.listener->ports.first, a.listener->ports.last);
  });
  std::vector<const Place*> open;
  for (const Place& place : group) {
    const Ports& ports = place.listener->ports;
    while (!open.empty() && open.back()->listener->ports.last < ports.first) open.pop_back();
    if (!open.empty()) check_pair(services, *open.back(), place, findings);
    open.push_back(&place);
  }
}

void check_room(const Config& config, Findings& findings) {
  size_t exact = 0;
  size_t of_hosts = 0;
  size_t of_prefixes = 0;
  for (const Service& service : config.services)
    for (const Listener& listener : service.listeners) {
      const Ports& ports = listener.ports;
      if (!listener.vip.is_host())
        of_prefixes += ports.is_any() ? 1 : ports.count();
      else if (ports.is_one())
        ++exact;
      else
        of_hosts += blocks_of(ports).size();
    }
  const Limits& limits = config.director.limits;
  const auto check = [&](size_t count, uint32_t limit, const char* what, const char* key) {
    if (count > limit)
      findings.error("services", std::to_string(count) + what + ", but room for only " +
                                     std::to_string(limit) + "; raise director.limits." + key);
  };
  if (config.services.size() <= limits.services)
    check(exact, limits.services, " listeners at one address and port", "services");
  check(of_hosts, limits.prefixes, " entries of port ranges (each takes up to 30)", "prefixes");
  check(of_prefixes, limits.prefixes, " entries of prefixes (each takes one a port)", "prefixes");
}

}  // namespace

KeptVips::KeptVips(const std::vector<Vip>& vips) {
  for (const Vip& vip : vips)
    if (vip.address.is_host())
      hosts_.insert(vip.address.address);
    else
      prefixes_.push_back(vip.address);
}

bool KeptVips::has(const Prefix& vip) const {
  return (vip.is_host() && hosts_.contains(vip.address)) || prefix_around(vip) != nullptr;
}

const Prefix* KeptVips::prefix_around(const Prefix& inner) const {
  const auto around = std::find_if(prefixes_.begin(), prefixes_.end(), [&](const Prefix& prefix) {
    return prefix.length <= inner.length && prefix.contains(inner.address);
  });
  return around == prefixes_.end() ? nullptr : &*around;
}

void check_listeners(const Config& config, size_t i, const KeptVips& kept, Findings& findings) {
  const Service& service = config.services[i];
  if (service.listeners.empty())
    return findings.error(element_path("services", i),
                          "has no listener; give a VIP and a port, or listeners");
  const Address& first = service.listeners.front().vip.address;
  for (size_t j = 0; j < service.listeners.size(); ++j) {
    const Listener& listener = service.listeners[j];
    const std::string path = place_of(config.services, i, j);
    check_listener(config, listener, kept, path, findings);
    if (listener.vip.address.family() != first.family())
      findings.error(path + ".vip",
                     "is not of the first listener's family; make it a service of its own");
  }
}

void check_unique_listeners(const Config& config, Findings& findings) {
  std::map<std::pair<Prefix, Protocol>, std::vector<Place>> groups;
  const auto& services = config.services;
  for (size_t i = 0; i < services.size(); ++i)
    for (size_t j = 0; j < services[i].listeners.size(); ++j) {
      const Listener& listener = services[i].listeners[j];
      groups[{listener.vip, listener.protocol}].push_back({&listener, i, j});
    }
  for (auto& [what, group] : groups) check_group(services, group, findings);
  check_room(config, findings);
}

}  // namespace pinion::config
