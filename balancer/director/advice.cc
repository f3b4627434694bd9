// SPDX-License-Identifier: Apache-2.0
#include "balancer/director/advice.h"

#include <algorithm>
#include <utility>

namespace pinion {
namespace {

// The MTU of most networks, and what every host may send (RFC 8200, 5; RFC 791, 3.1).
constexpr int kUsual = 1500;
constexpr int kLeast4 = 576;
constexpr int kLeast6 = 1280;
constexpr int kProxyHeader6 = 52;  // PROXY protocol 2, 2.2.

// Bytes between the outer IP header and the packet, in the order of PINION_TUNNELS.
constexpr int kTunnelHeaders[] = {0, 4, 12};

int outer_bytes(const config::Tunnel& tunnel, const Address& server) {
  return (server.is_v4() ? 20 : 40) + kTunnelHeaders[static_cast<size_t>(tunnel.type)];
}

// The length, as IPv4, of the largest packet that every IPv6 host may send.
int translated_bytes(const config::Service& service, const config::Server& server) {
  const bool header = client_address_of(service, server) == config::ClientAddress::kProxy;
  return kLeast6 - 20 + (header ? kProxyHeader6 : 0);
}

std::string bytes(int count) { return std::to_string(count) + " bytes"; }

}  // namespace

Warnings Advice::update(const Model& model, const std::vector<Link>& links,
                        const std::vector<std::string>& interfaces) {
  const bool all_changed = links != links_ || interfaces != interfaces_;
  links_ = links;
  interfaces_ = interfaces;
  Warnings fresh;
  std::map<std::string, Examined> before = std::exchange(examined_, {});
  for (const auto& [name, service] : model.services()) {
    Examined& known = before[name];
    if (known.service != service || all_changed) {
      auto warnings = examine(model, *service);
      for (const auto& [kind, text] : warnings)
        if (!known.warnings.contains(kind)) fresh.push_back(text);
      known = {service, std::move(warnings)};
    }
    examined_.emplace(name, std::move(known));
  }
  return fresh;
}

Warnings Advice::all() const {
  Warnings all;
  for (const auto& [name, examined] : examined_)
    for (const auto& [kind, text] : examined.warnings) all.push_back(text);
  return all;
}

std::map<Advice::Kind, std::string> Advice::examine(const Model& model,
                                                    const ModelService& service) const {
  struct Group {
    std::string server;  // The first one.
    size_t more = 0;
    std::string what;
  };
  std::map<Kind, Group> groups;
  for (const ModelServer& server : service.servers) {
    const Reachability* fact = server.leaving ? nullptr : model.fact_about(server);
    if (!fact || fact->next_hop.ifindex == 0) continue;  // It has not been resolved yet.
    Finding finding = examine(service, server, *fact);
    if (finding.kind == Kind::kNone) continue;
    const auto [group, is_first] = groups.try_emplace(finding.kind);
    if (is_first)
      group->second = {config::to_string({server.config.address, server.config.port}), 0,
                       std::move(finding.what)};
    else
      ++group->second.more;
  }
  std::map<Kind, std::string> warnings;
  for (const auto& [kind, group] : groups)
    warnings[kind] = "service '" + service.config.name + "', server " + group.server +
                     (group.more ? " and " + std::to_string(group.more) + " more: " : ": ") +
                     group.what;
  return warnings;
}

// Frames of a VLAN device arrive at the device below it first.
bool Advice::receives_frames(const Link& link) const {
  const auto is_named = [&](const Link* each) {
    return each &&
           std::find(interfaces_.begin(), interfaces_.end(), each->name) != interfaces_.end();
  };
  const Link* device = &link;
  for (size_t i = 0; i < links_.size() && device && device->is_vlan(); ++i)
    device = find_link(links_, device->lower);
  return is_named(&link) || is_named(device);
}

Advice::Finding Advice::examine(const ModelService& service, const ModelServer& server,
                                const Reachability& fact) const {
  const Link* link = find_link(links_, fact.next_hop.ifindex);
  const std::string interface = link ? link->name : "its interface";
  if (server.forward == config::Forward::kDirectRouting && !fact.on_link)
    return {Kind::kBehindRouter,
            "a router is between, which direct routing cannot pass; forward by tun, or nat"};
  if (config::is_two_sided(server.forward) && !(link && receives_frames(*link)))
    return {Kind::kRepliesUnseen, "it is reached by " + interface +
                                      ", which is none of director.interfaces: its replies would "
                                      "not be seen there; add it"};
  const int translated = translated_bytes(service.config, server.config);
  if (config::crosses(service.config, server.config) && fact.next_hop.mtu < translated)
    return {Kind::kNoRoom, "the MTU of " + interface + ", " + std::to_string(fact.next_hop.mtu) +
                               ", is less than what every IPv6 client may send makes of IPv4, " +
                               bytes(translated) + "; raise it"};
  if (server.forward != config::Forward::kTunnel) return {};
  const int outer = outer_bytes(tunnel_of(service.config, server.config), server.config.address);
  const int room = fact.next_hop.mtu - outer;
  const int least = service.v4 ? kLeast4 : kLeast6;
  const std::string where = "the MTU of " + interface + ", " + std::to_string(fact.next_hop.mtu) +
                            ", leaves " + bytes(std::max(room, 0)) + " within the tunnel";
  if (room < least)
    return {Kind::kNoRoom, where + ", and IPv" + (service.v4 ? "4" : "6") + " needs " +
                               std::to_string(least) + "; raise it to " +
                               std::to_string(least + outer) + " or more"};
  if (room < kUsual)
    return {Kind::kTight, where + ": clients that send " + std::to_string(kUsual) +
                              " are told so first; raise it to " + std::to_string(kUsual + outer) +
                              ", or see --mss in pinion-real-server(8)"};
  return {};
}

}  // namespace pinion
