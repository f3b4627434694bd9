// SPDX-License-Identifier: Apache-2.0
#include "config/check/check.h"

#include <net/if.h>

#include <algorithm>

#include "config/check/parts.h"

namespace pinion::config {

std::vector<Problem> check(const Config& config, const Vocabulary& vocabulary) {
  Findings findings;
  check_director(config.director, findings);
  check_vips(config.vips, findings);
  check_local_addresses(config, findings);
  check_host_routes(config.host_routes, findings);
  check_services(config, vocabulary, findings);
  return findings.take();
}

std::string_view interface_name_fault(std::string_view name) {
  if (name.empty()) return "the name of an interface is missing";
  if (name.size() >= IFNAMSIZ) return "no interface has a name of more than 15 characters";
  if (name == "." || name == "..") return "no interface can have this name";
  const bool fits = std::all_of(name.begin(), name.end(), [](char c) {
    return c > ' ' && c != 0x7f && c != '/' && c != ':';
  });
  return fits ? "" : "the name of an interface has no blank, no \"/\" and no \":\"";
}

std::string host_bits_fault(const Prefix& prefix) {
  const Prefix whole{prefix.network(), prefix.length};
  if (whole == prefix) return "";
  return prefix.to_string() + " has bits beyond its length: write " + whole.to_string() + " or " +
         prefix.address.to_string();
}

std::string_view host_address_fault(const Address& address) {
  if (address.is_unspecified()) return "the unspecified address is not a host's";
  if (address.is_multicast()) return "a multicast address is not a host's";
  if (address.is_loopback()) return "a loopback address cannot be reached from the network";
  return "";
}

}  // namespace pinion::config
