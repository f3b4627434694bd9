// SPDX-License-Identifier: Apache-2.0
// client_address: only full NAT hides the client's address, and only TCP can carry it (TOA, PROXY).
#include <algorithm>
#include <string>

#include "config/check/parts.h"
#include "config/codecs.h"

namespace pinion::config {
namespace {

// Returns "" if there is none.
std::string fault_of(Forward forward) {
  if (forward == Forward::kFullNat) return "";
  return "is for forward: fullnat; by " + kForward.format(forward) +
         " the server sees the client's address itself";
}

// Checks a service without servers; otherwise each server is checked.
void check_empty(const Service& service, const std::string& path, Findings& findings) {
  if (std::string fault = fault_of(service.forward); !fault.empty())
    findings.error(path + ".client_address", std::move(fault) + "; leave it out");
}

}  // namespace

void check_client_address(const Service& service, const std::string& path, Findings& findings) {
  const auto& servers = service.servers;
  bool any = service.client_address != ClientAddress::kNone;
  if (any && servers.empty()) check_empty(service, path, findings);
  for (size_t j = 0; j < servers.size(); ++j) {
    if (client_address_of(service, servers[j]) == ClientAddress::kNone) continue;
    any = true;
    std::string fault = fault_of(forward_of(service, servers[j]));
    if (fault.empty()) continue;
    fault += servers[j].client_address ? "; leave it out" : "; set client_address: none here";
    findings.error(element_path(path + ".servers", j, ".client_address"), std::move(fault));
  }
  const auto& listeners = service.listeners;
  const auto other = std::find_if(listeners.begin(), listeners.end(), [](const Listener& one) {
    return one.protocol != Protocol::kTcp;
  });
  if (any && other != listeners.end())
    findings.error(path + ".client_address", "is for TCP, and packets come for " +
                                                 to_string(*other) +
                                                 " as well; give that a service of its own");
}

}  // namespace pinion::config
