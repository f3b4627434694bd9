// SPDX-License-Identifier: Apache-2.0
#include "balancer/interfaces/addressing.h"

#include <algorithm>
#include <utility>

#include "balancer/base/log.h"
#include "balancer/netlink/conflicts.h"

namespace pinion {
namespace {

using config::HostRoute;
using config::Vip;

std::string label_of(const Vip& vip) {
  const bool labelled = !vip.label.empty() && vip.address.address.is_v4();
  return labelled ? vip.interface + ":" + vip.label : vip.interface;
}

bool is_there(const std::vector<InterfaceAddress>& addresses, const Vip& vip, const Link& link) {
  return std::any_of(addresses.begin(), addresses.end(), [&](const InterfaceAddress& address) {
    return address.ifindex == link.index && address.prefix.address == vip.address.address &&
           vip.address.is_host();
  });
}

// It is exactly as the configuration has it.
bool is_as_asked(const InterfaceAddress& address, const Vip& vip, const std::vector<Link>& links) {
  const Link* link = find_link(links, vip.interface);
  return link && link->index == address.ifindex && vip.address == address.prefix &&
         (!vip.address.address.is_v4() || label_of(vip) == address.label);
}

Error unknown_interface(const std::string& name, const std::vector<Link>& links) {
  std::string known;
  for (const Link& link : links) known += (known.empty() ? "" : ", ") + link.name;
  return refusal("there is no interface '" + name + "'; there are: " + known);
}

// Nothing if there is no such interface.
std::optional<Route> route_of(const HostRoute& wanted, const std::vector<Link>& links,
                              uint8_t mark) {
  if (wanted.interface.empty()) return Route{wanted.to, wanted.via, 0, wanted.metric, mark};
  const Link* link = find_link(links, wanted.interface);
  if (!link) return {};
  return Route{wanted.to, wanted.via, link->index, wanted.metric, mark};
}

// Does one of the VIPs or routes need it?
bool is_wanted(const Route& route, const std::vector<Vip>& vips,
               const std::vector<HostRoute>& routes, const std::vector<Link>& links) {
  return std::any_of(vips.begin(), vips.end(),
                     [&](const Vip& vip) {
                       return !vip.address.is_host() &&
                              route == local_route(vip.address, route.mark);
                     }) ||
         std::any_of(routes.begin(), routes.end(), [&](const HostRoute& one) {
           const auto meant = route_of(one, links, route.mark);
           return meant && route.meets(*meant);
         });
}

// The kernel's error is about its tables. Adds what to do about it in the configuration.
Error explain(Error error, const HostRoute& route) {
  const std::string& interface = route.interface;
  switch (error.code.value()) {
    case EEXIST:
      return with_remedy(
          std::move(error),
          "somebody else's route to it has the same metric: delete that one (see: ip " +
              std::string(route.to.address.is_v4() ? "" : "-6 ") + "route show " +
              route.to.to_string() + "), or give this one another metric");
    case ENETUNREACH:
    case EHOSTUNREACH:
      if (!route.via) return error;
      return with_remedy(std::move(error),
                         route.via->to_string() + " must be in a network of " +
                             (interface.empty() ? "one of the interfaces that are up" : interface));
    case ENETDOWN:
      return with_remedy(std::move(error), interface.empty()
                                               ? "set the gateway's interface up"
                                               : "set it up: ip link set " + interface + " up");
    default:
      return error;
  }
}

// "vips[0]"
std::string entry_name(const std::string& list, size_t index) {
  return list + "[" + std::to_string(index) + "]";
}

Error of_entry(const std::string& entry, Error error) {
  error.context = entry + ": " + error.context;
  return error;
}

asio::awaitable<void> store_conflicts(std::vector<Candidacy> candidacies,
                                      Result<std::vector<Conflict>>& answer) {
  answer = co_await find_conflicts(std::move(candidacies));
}

// Runs an event loop of its own, because the caller cannot go on without the answer. Configurations
// with new VIPs are rare.
Result<std::vector<Conflict>> find_conflicts_now(std::vector<Candidacy> candidacies) {
  asio::io_context loop;
  Result<std::vector<Conflict>> answer = refusal("nobody said whether the addresses are free");
  asio::co_spawn(loop, store_conflicts(std::move(candidacies), answer),
                 report("ask for conflicts"));
  loop.run();
  return answer;
}

Result<> refuse_conflicts(std::vector<Candidacy> candidacies) {
  if (candidacies.empty()) return {};
  auto conflicts = find_conflicts_now(candidacies);
  if (!conflicts) return conflicts.error();
  std::string text;
  for (const Conflict& conflict : *conflicts) {
    const auto asked =
        std::find_if(candidacies.begin(), candidacies.end(),
                     [&](const Candidacy& one) { return one.link.index == conflict.ifindex; });
    text += (text.empty() ? "" : "\n") + conflict.address.to_string() + ": another host (" +
            conflict.owner.to_string() + ") answers for this address on " + asked->link.name +
            "; take it off there, or, on a real server, set arp_ignore=1 and arp_announce=2";
  }
  if (text.empty()) return {};
  return refusal(text);
}

}  // namespace

struct Addressing::Wanted {
  Vip vip;  // A local address is treated as a VIP, too.
  std::string kind;
  std::string entry;  // "vips[0]"
};

std::vector<Addressing::Wanted> Addressing::wanted_by(const Config& config) {
  std::vector<Wanted> wanted;
  for (const Vip& vip : config.vips)
    wanted.push_back({vip, "VIP", entry_name("vips", wanted.size())});
  const auto& local = config.director.local_addresses;
  for (size_t i = 0; i < local.size(); ++i)
    wanted.push_back({{{local[i].address, local[i].address.bits()}, local[i].interface, ""},
                      "local address",
                      entry_name("director.local_addresses", i)});
  return wanted;
}

bool Addressing::differ(const Config& a, const Config& b) {
  return a.vips != b.vips || a.host_routes != b.host_routes ||
         a.director.local_addresses != b.director.local_addresses;
}

Result<Addressing> Addressing::open(asio::io_context& io, const std::string& instance) {
  auto socket = NetlinkSocket::open();
  if (!socket) return socket.error();
  auto announcer = Announcer::open(io);
  if (!announcer) return announcer.error();
  return Addressing(std::move(*socket), std::move(*announcer), mark_of(instance));
}

Result<Addressing::Added> Addressing::add(const Config& config) {
  Added added;
  auto done = add_addresses(wanted_by(config), added);
  if (done) done = add_prefixes(config.vips, added);
  if (done) done = add_routes(config.host_routes, added);
  if (done) return added;
  undo(added);
  return done.error();
}

Result<> Addressing::add_addresses(const std::vector<Wanted>& wanted, Added& added) {
  auto links = list_links(socket_);
  if (!links) return links.error();
  auto present = list_addresses(socket_);
  if (!present) return present.error();
  std::vector<std::pair<const Wanted*, const Link*>> missing;
  std::vector<Candidacy> candidacies;
  for (const Wanted& one : wanted) {
    const Link* link = find_link(*links, one.vip.interface);
    if (!link) return of_entry(one.entry, unknown_interface(one.vip.interface, *links));
    if (!one.vip.address.is_host()) continue;
    if (is_there(*present, one.vip, *link)) continue;
    missing.emplace_back(&one, link);
    candidacies.push_back({*link, one.vip.address.address});
  }
  if (auto free = refuse_conflicts(candidacies); !free) return free;
  for (const auto& [one, link] : missing)
    if (auto put = add_address_to(*link, *one, added); !put)
      return of_entry(one->entry, put.error());
  return {};
}

// No other host of the segment has a prefix: nobody is asked about it, and it is not announced.
Result<> Addressing::add_prefixes(const std::vector<Vip>& vips, Added& added) {
  auto present = list_routes(socket_, mark_);
  if (!present) return present.error();
  for (size_t i = 0; i < vips.size(); ++i)
    if (!vips[i].address.is_host())
      if (auto put = add_prefix(vips[i], *present, added); !put)
        return of_entry(entry_name("vips", i), put.error());
  return {};
}

Result<> Addressing::add_prefix(const Vip& vip, const std::vector<Route>& present, Added& added) {
  const Route route = local_route(vip.address, mark_);
  if (std::find(present.begin(), present.end(), route) != present.end()) return {};
  if (auto put = add_route(socket_, route); !put)
    return with_remedy(put.error(), "see: ip route show table local " + vip.address.to_string());
  added.routes.push_back({route, {}});
  log::info("VIPs added", {{"prefix", vip.address.to_string()}});
  return {};
}

Result<> Addressing::add_address_to(const Link& link, const Wanted& wanted, Added& added) {
  const Vip& vip = wanted.vip;
  auto put = add_address(socket_, link, vip.address.address, vip.label, mark_);
  if (!put) return put;
  added.addresses.push_back({link.index, vip.address, label_of(vip), mark_, 0});
  announcer_.announce(link, vip.address.address);
  log::info(wanted.kind + " added",
            {{"address", vip.address.to_string()}, {"interface", label_of(vip)}});
  return {};
}

Result<> Addressing::add_routes(const std::vector<HostRoute>& routes, Added& added) {
  auto links = list_links(socket_);
  if (!links) return links.error();
  auto present = list_routes(socket_, mark_);
  if (!present) return present.error();
  for (size_t i = 0; i < routes.size(); ++i)
    if (auto put = put_route(routes[i], *links, *present, added); !put)
      return of_entry(entry_name("host_routes", i), put.error());
  return {};
}

// A route of ours that occupies its slot in the kernel's table is replaced atomically.
Result<> Addressing::put_route(const HostRoute& wanted, const std::vector<Link>& links,
                               const std::vector<Route>& present, Added& added) {
  const auto route = route_of(wanted, links, mark_);
  if (!route) return unknown_interface(wanted.interface, links);
  std::optional<Route> before;
  for (const Route& one : present) {
    if (one.meets(*route)) return {};
    if (one.displaces(*route)) before = one;
  }
  auto put = before ? replace_route(socket_, *route) : add_route(socket_, *route);
  if (!put) return explain(put.error(), wanted);
  added.routes.push_back({*route, before});
  log::info("host route added",
            {{"to", to_string(*route)},
             {"interface", wanted.interface.empty() ? "the kernel's choice" : wanted.interface}});
  return {};
}

void Addressing::undo(const Added& added) {
  for (const auto& [route, before] : added.routes) {
    auto gone = before ? replace_route(socket_, *before) : delete_route(socket_, route);
    if (!gone) log::warning("host route stays", {{"error", gone.error().message()}});
  }
  for (const InterfaceAddress& address : added.addresses) {
    announcer_.stop(address.prefix.address);
    if (auto gone = delete_address(socket_, address); !gone)
      log::warning("address stays", {{"error", gone.error().message()}});
  }
}

void Addressing::remove_others(const Config& config) {
  auto links = list_links(socket_);
  auto addresses = list_addresses(socket_);
  auto present = list_routes(socket_, mark_);
  if (!links || !addresses || !present) {
    log::error("cannot see what to remove", {{"error", "reading the kernel's tables failed"}});
    return;
  }
  Added superfluous;
  const std::vector<Wanted> wanted = wanted_by(config);
  for (const InterfaceAddress& address : *addresses) {
    const auto asks_for_it = [&](const Wanted& one) {
      return is_as_asked(address, one.vip, *links);
    };
    if (address.protocol != mark_ || std::any_of(wanted.begin(), wanted.end(), asks_for_it))
      continue;
    superfluous.addresses.push_back(address);
    log::info("address removed", {{"address", address.prefix.to_string()}});
  }
  for (const Route& route : *present) {
    if (is_wanted(route, config.vips, config.host_routes, *links)) continue;
    superfluous.routes.push_back({route, {}});
    log::info(route.local ? "VIPs removed" : "host route removed", {{"to", to_string(route)}});
  }
  undo(superfluous);
}

void Addressing::restore(const Config& config) {
  auto links = list_links(socket_);
  auto addresses = list_addresses(socket_);
  auto present = list_routes(socket_, mark_);
  if (!links || !addresses || !present) return;
  Added added;
  for (const Wanted& one : wanted_by(config)) {
    const Link* link = find_link(*links, one.vip.interface);
    const std::string address = one.vip.address.to_string();
    if (!one.vip.address.is_host())
      log_restored("VIPs are missing", address, add_prefix(one.vip, *present, added));
    if (!one.vip.address.is_host() || !link || is_there(*addresses, one.vip, *link)) continue;
    log_restored(one.kind + " is missing", address, add_address_to(*link, one, added));
  }
  for (const HostRoute& route : config.host_routes) {
    const Link* link = find_link(*links, route.interface);
    if (!route.interface.empty() && !(link && link->up)) continue;
    log_restored("host route is missing", route.to.to_string(),
                 put_route(route, *links, *present, added));
  }
}

// Events come in bursts. A failure is logged once, and again only for another reason.
void Addressing::log_restored(const std::string& what, const std::string& name,
                              const Result<>& put) {
  if (put) {
    missing_.erase(name);
    return;
  }
  const std::string why = put.error().message();
  if (std::exchange(missing_[name], why) != why) log::warning(what, {{"error", why}});
}

void Addressing::announce(const Config& config, const std::vector<Link>& links) {
  auto addresses = list_addresses(socket_);
  if (!addresses) return;
  for (const Wanted& one : wanted_by(config)) {
    const Link* link = find_link(links, one.vip.interface);
    if (link && is_there(*addresses, one.vip, *link))
      announcer_.announce(*link, one.vip.address.address);
  }
}

}  // namespace pinion
