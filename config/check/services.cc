// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>
#include <string>
#include <unordered_map>

#include "balancer/base/suggest.h"
#include "config/characters.h"
#include "config/check/parts.h"

namespace pinion::config {
namespace {

constexpr size_t kLongestName = 63;
constexpr uint32_t kMostWeight = 65535;

std::string path_of(size_t service, std::string_view rest = {}) {
  return element_path("services", service, rest);
}

std::string path_of_server(size_t service, size_t server, std::string_view rest = {}) {
  return element_path(path_of(service, ".servers"), server, rest);
}

bool same_place(const Service& service, size_t a, size_t b) {
  const Server& one = service.servers[a];
  const Server& other = service.servers[b];
  return one.address == other.address && port_of(service, one) == port_of(service, other);
}

// Finds servers that occur twice. It is used for one service after another without allocating,
// because checks run with every change, on up to 100,000 servers. An open hash table: an entry is
// empty if its round is not the present one.
class ServerSet {
 public:
  // Empties the set, and makes room for `count`.
  void begin(size_t count) {
    size_t places = 16;
    while (places < 2 * count) places *= 2;
    if (places > places_.size()) places_.assign(places, {});
    ++round_;
  }

  // Returns the server that was inserted before with the same address and port, or `index`.
  size_t insert(const Service& service, size_t index) {
    const size_t mask = places_.size() - 1;
    const size_t hash = std::hash<Address>()(service.servers[index].address);
    for (size_t at = hash & mask;; at = (at + 1) & mask) {
      Place& place = places_[at];
      if (place.round == round_ && !same_place(service, place.index, index)) continue;
      if (place.round == round_) return place.index;
      place = {round_, index};
      return index;
    }
  }

 private:
  struct Place {
    uint64_t round = 0;
    size_t index = 0;
  };
  std::vector<Place> places_;
  uint64_t round_ = 0;
};

// What a forwarding method requires of a server, in the order of PINION_FORWARDING_METHODS.
struct MethodRules {
  std::string_view keyword;
  bool on_network = true;   // The server is another host on the network.
  bool same_family = true;  // Its address is of the VIP's family.
  bool same_port = true;    // The server gets packets at the port that clients use.
};

constexpr MethodRules kMethodRules[] = {
    {"dr"},
    {"nat", true, true, false},
    {"local", false},
    {"tun", true, false},
    {"fullnat", true, true, false},
};

// Packets for a VIP come to the director, so it cannot send them to a server with that address.
std::string vip_fault(const Service& service, const Address& server, const KeptVips& kept) {
  for (const Listener& listener : service.listeners) {
    if (!listener.vip.contains(server)) continue;
    if (listener.vip.is_host()) return "is the VIP itself; give the server's own address";
    return "is one of the VIPs " + listener.vip.to_string() + "; give the server's own address";
  }
  const Prefix* around = kept.prefix_around({server, server.bits()});
  if (!around) return "";
  return "is in " + around->to_string() + " of \"vips\", and so the director's own";
}

// Returns "" if there is none.
std::string address_fault(const Service& service, const Server& server, const MethodRules& rules,
                          const KeptVips& kept) {
  const std::string_view fault = host_address_fault(server.address);
  if (!fault.empty() && (rules.on_network || !server.address.is_loopback()))
    return std::string(fault);
  if (rules.on_network)
    if (std::string own = vip_fault(service, server.address, kept); !own.empty()) return own;
  if (service.listeners.empty()) return "";
  const Prefix& vip = service.listeners.front().vip;
  if (!rules.same_family || server.address.family() == vip.address.family() ||
      crosses(service, server))
    return "";
  const std::string_view remedy =
      server.address.is_v4() ? "; forward by fullnat or tun" : "; forward by tun";
  return "is not of the same family as the VIP " + host_or_prefix(vip) + ", which forwarding by " +
         std::string(rules.keyword) + " needs" + std::string(rules.on_network ? remedy : "");
}

bool has_sctp(const Service& service) {
  return std::any_of(service.listeners.begin(), service.listeners.end(),
                     [](const Listener& one) { return one.protocol == Protocol::kSctp; });
}

// A server with a port of its own gets the packets of all listeners at that port. For a few single
// ports that may be intended; a range would be squeezed into one port.
std::string port_fault(const Service& service, const Server& server, const MethodRules& rules) {
  if (!server.port || server.port == port_of(service)) return "";
  const auto only = port_of(service);
  if (rules.same_port)
    return "forwarding by " + std::string(rules.keyword) +
           " does not change ports, and packets come for " +
           (only ? "port " + std::to_string(only->value) : "several") + "; leave it out";
  if (has_sctp(service))
    return "sctp keeps the port that its packets come for, which their checksum (CRC32c) covers; "
           "leave it out";
  for (const Listener& listener : service.listeners)
    if (!listener.ports.is_one())
      return "packets come for " + listener.ports.to_string() +
             ", and keep the port that they come for; leave it out";
  return "";
}

// Checks what does not depend on the server.
void check_tunnel(const Tunnel& tunnel, bool says_checksum, const std::optional<Prefix>& source,
                  const std::string& path, Findings& findings) {
  if (says_checksum && tunnel.type != TunnelType::kGue)
    findings.error(path + ".checksum", "only gue has a checksum of its own; leave it out");
  if (!source) return;
  if (const auto fault = host_address_fault(source->address); !fault.empty())
    findings.error(path + ".source", std::string(fault));
}

void check_tunnel(const Service& service, size_t i, size_t j, Findings& findings) {
  const Server& server = service.servers[j];
  const Tunnel tunnel = tunnel_of(service, server);
  check_tunnel(tunnel, server.tunnel.checksum.value_or(false), server.tunnel.source,
               path_of_server(i, j, ".tunnel"), findings);
  if (!tunnel.source || tunnel.source->address.family() == server.address.family()) return;
  findings.error(path_of_server(i, j, ".tunnel.source"),
                 tunnel.source->to_string() + " is not of the family of " +
                     server.address.to_string() +
                     ", as the outer header has to be; give this server a source of its own");
}

void check_server(const Service& service, size_t i, size_t j, const KeptVips& kept,
                  Findings& findings) {
  const Server& server = service.servers[j];
  const MethodRules& rules = kMethodRules[static_cast<size_t>(forward_of(service, server))];
  if (server.weight > kMostWeight)
    findings.error(path_of_server(i, j, ".weight"),
                   "expected an integer from 0 to 65535, got " + std::to_string(server.weight));
  if (std::string fault = address_fault(service, server, rules, kept); !fault.empty())
    findings.error(path_of_server(i, j, ".address"), std::move(fault));
  if (forward_of(service, server) == Forward::kTunnel) check_tunnel(service, i, j, findings);
  if (std::string fault = port_fault(service, server, rules); !fault.empty())
    findings.error(path_of_server(i, j, ".port"), std::move(fault));
}

// Reports once for the servers of one family: one local address helps them all.
void check_local(const Service& service, size_t i, bool v4,
                 const std::vector<LocalAddress>& addresses, Findings& findings) {
  if (service.listeners.empty() || (!v4 && service.listeners.front().vip.address.is_v4())) return;
  const auto by_full_nat = [&](const Server& server) {
    return forward_of(service, server) == Forward::kFullNat && server.address.is_v4() == v4;
  };
  const auto& servers = service.servers;
  const auto first = std::find_if(servers.begin(), servers.end(), by_full_nat);
  if (first == servers.end()) return;
  const auto of_the_family = [&](const LocalAddress& local) { return local.address.is_v4() == v4; };
  if (std::any_of(addresses.begin(), addresses.end(), of_the_family)) return;
  findings.error(path_of_server(i, static_cast<size_t>(first - servers.begin())),
                 std::string("forwarding by fullnat needs an ") + (v4 ? "IPv4" : "IPv6") +
                     " address to send from; add one to director.local_addresses");
}

// `return` applies only to replies that pass through the director.
void check_return(const Service& service, size_t i, Findings& findings) {
  if (service.replies == Return::kLastHop || service.servers.empty()) return;
  const auto passes_here = [&](const Server& server) {
    return is_two_sided(forward_of(service, server));
  };
  if (std::any_of(service.servers.begin(), service.servers.end(), passes_here)) return;
  findings.error(path_of(i, ".return"),
                 "the replies of these servers do not pass the director, which only those of nat "
                 "and fullnat do; leave it out");
}

// Full NAT would change the client's port. Reports the service, or each server that sets it.
void check_sctp(const Service& service, size_t i, Findings& findings) {
  constexpr std::string_view kFault =
      "fullnat changes ports, which the checksum of sctp (CRC32c) covers; forward by nat, dr, tun "
      "or local";
  if (!has_sctp(service)) return;
  if (service.forward == Forward::kFullNat)
    findings.error(path_of(i, ".forward"), std::string(kFault));
  for (size_t j = 0; j < service.servers.size(); ++j)
    if (service.servers[j].forward == Forward::kFullNat)
      findings.error(path_of_server(i, j, ".forward"), std::string(kFault));
}

void check_servers(const Service& service, size_t i, const KeptVips& kept, ServerSet& known,
                   Findings& findings) {
  if (service.servers.empty())
    findings.warning(path_of(i, ".servers"), "has no server: its traffic is dropped");
  known.begin(service.servers.size());
  for (size_t j = 0; j < service.servers.size(); ++j) {
    check_server(service, i, j, kept, findings);
    const size_t first = known.insert(service, j);
    if (first == j) continue;
    const Server& server = service.servers[j];
    findings.error(
        path_of_server(i, j, ".address"),
        to_string({server.address, server.port}) + " is " + path_of_server(i, first) + " already");
  }
}

void check_name(const Service& service, size_t i, Findings& findings) {
  const std::string& name = service.name;
  const bool plain =
      !name.empty() && name.size() <= kLongestName && consists_of_letters_digits(name, "._:/-");
  if (!plain && name != default_name(service))
    findings.error(path_of(i, ".name"),
                   "expected 1 to 63 letters, digits, \".\", \"_\", \":\", \"/\" or \"-\", got " +
                       in_quotes(name));
}

void check_scheduler(const Service& service, size_t i, const Vocabulary& vocabulary,
                     Findings& findings) {
  const auto& known = vocabulary.schedulers;
  if (std::find(known.begin(), known.end(), service.scheduler) != known.end()) return;
  std::string what = "no scheduler " + in_quotes(service.scheduler) + "; ";
  const std::string hint = did_you_mean(service.scheduler, known);
  what += hint.empty() ? "the schedulers are" : hint + " The schedulers are";
  for (const std::string_view keyword : known)
    what += (keyword == known.front() ? " " : ", ") + std::string(keyword);
  findings.error(path_of(i, ".scheduler"), std::move(what));
}

void check_limits(const Config& config, Findings& findings) {
  const Limits& limits = config.director.limits;
  const size_t servers = std::accumulate(
      config.services.begin(), config.services.end(), size_t{0},
      [](size_t sum, const Service& service) { return sum + service.servers.size(); });
  if (config.services.size() > limits.services)
    findings.error("services",
                   std::to_string(config.services.size()) + " services, but room for only " +
                       std::to_string(limits.services) + "; raise director.limits.services");
  if (servers > limits.servers)
    findings.error("services", std::to_string(servers) + " servers in all, but room for only " +
                                   std::to_string(limits.servers) +
                                   "; raise director.limits.servers");
}

void check_names(const std::vector<Service>& services, Findings& findings) {
  std::unordered_map<std::string_view, size_t> names;
  const auto is_named = [&](size_t i) { return services[i].name != default_name(services[i]); };
  for (size_t i = 0; i < services.size(); ++i) {
    const auto [first, fresh] = names.try_emplace(services[i].name, i);
    // If both have default names, they share a listener, and that is reported instead.
    if (!fresh && (is_named(i) || is_named(first->second)))
      findings.error(path_of(i, ".name"), in_quotes(services[i].name) + " is the name of " +
                                              path_of(first->second) + " already");
  }
}

}  // namespace

void check_services(const Config& config, const Vocabulary& vocabulary, Findings& findings) {
  const KeptVips kept(config.vips);
  ServerSet known;
  for (size_t i = 0; i < config.services.size(); ++i) {
    const Service& service = config.services[i];
    check_name(service, i, findings);
    check_listeners(config, i, kept, findings);
    check_scheduler(service, i, vocabulary, findings);
    check_tunnel(service.tunnel, service.tunnel.checksum, service.tunnel.source,
                 path_of(i, ".tunnel"), findings);
    check_servers(service, i, kept, known, findings);
    for (const bool v4 : {true, false})
      check_local(service, i, v4, config.director.local_addresses, findings);
    check_return(service, i, findings);
    check_sctp(service, i, findings);
    check_client_address(service, path_of(i), findings);
    check_mss(service, path_of(i), findings);
  }
  check_unique_listeners(config, findings);
  check_names(config.services, findings);
  check_limits(config, findings);
}

}  // namespace pinion::config
