// SPDX-License-Identifier: Apache-2.0
// mss: it can be lowered only if both SYN and SYN/ACK pass through the director.
#include <algorithm>
#include <string>

#include "config/check/parts.h"

namespace pinion::config {
namespace {

constexpr std::string_view kWhyNot =
    ", whose SYN/ACK does not pass the director; let the server lower its own (ip route ... "
    "advmss)";

}  // namespace

void check_mss(const Service& service, const std::string& path, Findings& findings) {
  if (service.mss == kMssOff) return;
  const auto is_tcp = [](const Listener& one) { return one.protocol == Protocol::kTcp; };
  if (std::none_of(service.listeners.begin(), service.listeners.end(), is_tcp))
    findings.error(path + ".mss", "is for TCP, and the service has no TCP listener; leave it out");
  const auto& servers = service.servers;
  const auto one_sided = std::find_if(servers.begin(), servers.end(), [&](const Server& server) {
    return !is_two_sided(forward_of(service, server));
  });
  if (one_sided != servers.end())
    findings.error(path + ".mss", "is for forward: nat and fullnat; server " +
                                      to_string(ServerName{one_sided->address, one_sided->port}) +
                                      " gets packets by another method" + std::string(kWhyNot));
  else if (servers.empty() && !is_two_sided(service.forward))
    findings.error(path + ".mss", "is for forward: nat and fullnat, and this is another method" +
                                      std::string(kWhyNot));
}

}  // namespace pinion::config
