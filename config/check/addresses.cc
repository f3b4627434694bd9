// SPDX-License-Identifier: Apache-2.0
#include <net/if.h>

#include <map>
#include <set>
#include <utility>

#include "balancer/bpf/abi/abi.h"
#include "config/characters.h"
#include "config/check/parts.h"

namespace pinion::config {
namespace {

constexpr size_t kMostLocal = PINION_LOCAL_ADDRESSES - 1;  // Number 0 is not used.

void check_vip_address(const Vip& vip, size_t i, Findings& findings) {
  const std::string_view fault = host_address_fault(vip.address.address);
  if (!fault.empty())
    findings.error(element_path("vips", i, ".address"), std::string(fault));
  else if (std::string beyond = host_bits_fault(vip.address); !beyond.empty())
    findings.error(element_path("vips", i, ".address"), std::move(beyond));
}

// The kernel stores "eth0:3" as the label, in a field of the size of an interface's name.
void check_label(const Vip& vip, size_t i, Findings& findings) {
  if (vip.label.empty()) return;
  const std::string path = element_path("vips", i, ".label");
  if (!consists_of_letters_digits(vip.label, "_.-"))
    findings.error(path, "expected letters, digits, \"_\", \".\" or \"-\"");
  else if (vip.interface.size() + 1 + vip.label.size() >= IFNAMSIZ)
    findings.error(path, vip.interface + ":" + vip.label +
                             " is longer than 15 characters, which is all a label may have");
  else if (!vip.address.address.is_v4())
    findings.warning(path, "has no effect: IPv6 addresses have no labels");
  else if (!vip.address.is_host())
    findings.warning(path, "has no effect: a prefix is a route, and has no label");
}

void check_interface(const std::string& name, std::string path, Findings& findings) {
  const std::string_view fault = interface_name_fault(name);
  if (!fault.empty()) findings.error(std::move(path), std::string(fault));
}

void check_destination(const Prefix& to, size_t i, Findings& findings) {
  if (to.address.is_multicast() || to.address.is_loopback())
    findings.error(element_path("host_routes", i, ".to"),
                   "expected a unicast destination, neither multicast nor loopback");
  if (std::string fault = host_bits_fault(to); !fault.empty())
    findings.error(element_path("host_routes", i, ".to"), std::move(fault));
}

void check_route(const HostRoute& route, size_t i, Findings& findings) {
  check_destination(route.to, i, findings);
  if (!route.via && route.interface.empty())
    findings.error(element_path("host_routes", i), "needs \"via\" or \"interface\"");
  if (!route.interface.empty())
    check_interface(route.interface, element_path("host_routes", i, ".interface"), findings);
  if (!route.via) return;
  const std::string path = element_path("host_routes", i, ".via");
  const std::string_view fault = host_address_fault(*route.via);
  if (!fault.empty())
    findings.error(path, std::string(fault));
  else if (route.via->family() != route.to.address.family())
    findings.error(path, "is not of the same family as " + route.to.to_string());
  else if (route.via->is_link_local() && !route.via->is_v4() && route.interface.empty())
    findings.error(path, "a link-local address also needs \"interface\"");
}

}  // namespace

void check_vips(const std::vector<Vip>& vips, Findings& findings) {
  std::set<Prefix> seen;
  for (size_t i = 0; i < vips.size(); ++i) {
    check_vip_address(vips[i], i, findings);
    check_interface(vips[i].interface, element_path("vips", i, ".interface"), findings);
    check_label(vips[i], i, findings);
    if (!seen.insert(vips[i].address).second)
      findings.error(element_path("vips", i, ".address"),
                     host_or_prefix(vips[i].address) + " is given twice");
  }
}

bool is_vip(const Config& config, const Address& address) {
  for (const Vip& vip : config.vips)
    if (vip.address.contains(address)) return true;
  for (const Service& service : config.services)
    for (const Listener& listener : service.listeners)
      if (listener.vip.contains(address)) return true;
  return false;
}

void check_local_addresses(const Config& config, Findings& findings) {
  const std::vector<LocalAddress>& addresses = config.director.local_addresses;
  if (addresses.size() > kMostLocal)
    findings.error("director.local_addresses", "at most " + std::to_string(kMostLocal) +
                                                   " addresses, got " +
                                                   std::to_string(addresses.size()));
  std::unordered_set<Address> seen;
  for (size_t i = 0; i < addresses.size(); ++i) {
    const Address& address = addresses[i].address;
    const std::string path = element_path("director.local_addresses", i, ".address");
    if (const auto fault = host_address_fault(address); !fault.empty())
      findings.error(path, std::string(fault));
    else if (is_vip(config, address))
      findings.error(path, address.to_string() + " is a VIP; give an address of its own");
    if (!seen.insert(address).second) findings.error(path, address.to_string() + " is given twice");
    check_interface(addresses[i].interface,
                    element_path("director.local_addresses", i, ".interface"), findings);
  }
}

void check_host_routes(const std::vector<HostRoute>& routes, Findings& findings) {
  std::map<std::pair<Prefix, uint32_t>, size_t> seen;
  for (size_t i = 0; i < routes.size(); ++i) {
    check_route(routes[i], i, findings);
    const auto [first, fresh] = seen.try_emplace({routes[i].to, routes[i].metric}, i);
    if (!fresh)
      findings.error(element_path("host_routes", i, ".to"),
                     routes[i].to.to_string() + " has the same \"metric\" in " +
                         element_path("host_routes", first->second));
  }
}

}  // namespace pinion::config
