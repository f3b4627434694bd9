// SPDX-License-Identifier: Apache-2.0
// The director and its links: where the program is for each interface, as they come and go.
#include <algorithm>

#include "balancer/base/log.h"
#include "balancer/director/director.h"

namespace pinion {
namespace {

std::vector<Placement> all_of(const std::map<std::string, Placement>& a,
                              const std::map<std::string, Placement>& b) {
  std::vector<Placement> all;
  for (const auto* placements : {&a, &b})
    for (const auto& [name, placement] : *placements) all.push_back(placement);
  return all;
}

// The device, or a port of the bond.
bool is_on(const std::map<std::string, Placement>& placements, const std::string& device) {
  return std::any_of(placements.begin(), placements.end(), [&](const auto& each) {
    return each.second.device_name == device || each.second.ports.contains(device);
  });
}

}  // namespace

// So that a start need not load the program twice. What cannot be placed is refused later.
bool Director::uses_vlans(const std::vector<Link>& links, const config::Director& director) {
  std::vector<Placement> placements;
  for (const std::string& interface : director.interfaces)
    if (const Link* link = find_link(links, interface))
      if (auto placement = place(links, *link)) placements.push_back(*placement);
  return vlans_of(links, placements, {}).used;
}

// Those that are live already stay where they are: they may be gone for the moment.
Result<Director::Placements> Director::place_new(const std::vector<std::string>& interfaces) {
  auto links = parts_.addressing.links();
  if (!links) return links.error();
  take_links(std::move(*links));
  const auto& live = live_.director.interfaces;
  Placements placements;
  for (const std::string& interface : interfaces) {
    const auto before = placements_.find(interface);
    if (before != placements_.end()) placements.insert(*before);
    if (std::find(live.begin(), live.end(), interface) != live.end()) continue;
    const Link* link = find_link(links_, interface);
    if (!link) return refusal("director.interfaces: there is no interface '" + interface + "'");
    auto placement = place(links_, *link);
    if (!placement) return placement.error();
    if (auto able = check_tags_stay(interface, *placement); !able) return able.error();
    placements.emplace(interface, std::move(*placement));
  }
  return placements;
}

// Interfaces that are new; a failure takes the program off again where it was put. What an earlier
// daemon had put on is not ours to take off before the start has succeeded.
Result<> Director::attach(const Placements& wanted, Features features) {
  if (auto opened = open_vlans(wanted, features); !opened) return opened;
  for (const auto& [interface, placement] : wanted) {
    if (is_on(placements_, placement.device_name)) continue;
    auto attached = attach_to(placement);
    if (attached) continue;
    withdraw(wanted);
    return attached;
  }
  return {};
}

// Replies leave by the interface that their client's packets came in by.
Result<> Director::attach_to(const Placement& placement) {
  if (auto allowed = parts_.tables.allow_egress(placement.device); !allowed) return allowed;
  if (placement.is_bond)
    return attachments_.attach_bond(placement.device_name, placement.device, placement.ports);
  return attachments_.attach(placement.device_name, placement.device);
}

// Takes back an attach().
void Director::withdraw(const Placements& wanted) {
  for (const auto& [interface, placement] : wanted) {
    if (is_on(placements_, placement.device_name)) continue;
    attachments_.undo(placement.device_name);
    for (const auto& [port, index] : placement.ports) attachments_.undo(port);
  }
  if (started_up_) close_vlans();
}

// Takes the program off where no interface that is live needs it.
void Director::detach_others() {
  std::vector<std::string> unused;
  for (const auto& [device, attachment] : attachments_.all())
    if (!is_on(placements_, device)) unused.push_back(device);
  for (const std::string& device : unused) attachments_.detach(device);
}

// The maps come before the program that reads them. What they had before stays: packets need it.
Result<> Director::open_vlans(const Placements& wanted, Features features) {
  const Vlans vlans = vlans_of(links_, all_of(placements_, wanted), egress_);
  if (auto added = parts_.tables.add_vlans(vlans); !added) return added;
  features.vlans = vlans.used;
  return enable(features);
}

void Director::close_vlans() {
  auto kept = parts_.tables.keep_vlans(vlans_of(links_, all_of(placements_, {}), egress_));
  if (!kept) log::error("VLANs are still in the data plane", {{"error", kept.error().message()}});
}

// True: there are interfaces that nothing has left by before.
bool Director::note_egress(const Change& change) {
  const size_t before = egress_.size();
  for (const Change::Server& server : change.servers)
    if (server.after.ifindex != 0) egress_.insert(server.after.ifindex);
  return egress_.size() != before;
}

// One that was renamed is still the one that was meant. One that cannot be any more, because a bond
// has it now, is left as it is.
Director::Placements Director::place_anew() const {
  Placements placements;
  for (const std::string& interface : live_.director.interfaces) {
    const auto before = placements_.find(interface);
    const bool known = before != placements_.end();
    const Link* link = find_link(links_, interface);
    if (!link && known) link = find_link(links_, before->second.interface);
    if (!link) continue;
    auto placement = place(links_, *link);
    if (!placement) {
      log::error("cannot attach",
                 {{"interface", interface}, {"error", placement.error().message()}});
      if (known) placements.insert(*before);
      continue;
    }
    // The attachment goes by the name that it was made with.
    if (known && before->second.device == placement->device)
      placement->device_name = before->second.device_name;
    placements.emplace(interface, std::move(*placement));
  }
  return placements;
}

// An interface may go and come back under its name: then the program is put on the new one. One
// that was renamed keeps its program, and goes on forwarding.
void Director::follow_links(const std::vector<Link>& links) {
  take_links(links);
  if (!started_up_) return;
  Placements placements = place_anew();
  if (auto opened = open_vlans(placements); !opened)
    log::error("VLANs are not in the data plane", {{"error", opened.error().message()}});
  for (const auto& [interface, placement] : placements) {
    const auto before = placements_.find(interface);
    if (before == placements_.end() || before->second != placement)
      if (auto stay = check_tags_stay(interface, placement); !stay)
        log::warning("VLAN tags are not seen", {{"error", stay.error().message()}});
    if (auto done = attach_to(placement); !done)
      log::error("cannot attach", {{"interface", interface}, {"error", done.error().message()}});
  }
  placements_ = std::move(placements);
  detach_others();
  close_vlans();
  restore_addressing();
}

// Says what has become of the interfaces that the configuration names.
void Director::take_links(std::vector<Link> links) {
  std::set<std::string> names(live_.director.interfaces.begin(), live_.director.interfaces.end());
  for (const config::Vip& vip : live_.vips) names.insert(vip.interface);
  for (const auto& local : live_.director.local_addresses) names.insert(local.interface);
  for (const config::HostRoute& route : live_.host_routes) names.insert(route.interface);
  for (const Link& before : links_) {
    if (!names.contains(before.name)) continue;
    const Link* now = find_link(links, before.index);
    if (!now)
      log::warning("interface is gone", {{"interface", before.name}});
    else if (now->name != before.name)
      log::warning("interface is renamed", {{"interface", before.name}, {"to", now->name}});
    else if (now->up != before.up)
      now->up ? log::info("interface is up", {{"interface", now->name}})
              : log::warning("interface is down", {{"interface", now->name}});
  }
  for (const Link& now : links)
    if (!links_.empty() && names.contains(now.name) && !find_link(links_, now.name))
      log::info("interface is there", {{"interface", now.name}, {"link", now.up ? "up" : "down"}});
  links_ = std::move(links);
}

}  // namespace pinion
