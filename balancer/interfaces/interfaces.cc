// SPDX-License-Identifier: Apache-2.0
#include "balancer/interfaces/interfaces.h"

#include <algorithm>
#include <utility>

#include "balancer/base/log.h"

namespace pinion {
namespace {

std::vector<AttachPoint> all_of(const AttachPoints& a, const AttachPoints& b) {
  std::vector<AttachPoint> all;
  for (const auto* points : {&a, &b})
    for (const auto& [name, point] : *points) all.push_back(point);
  return all;
}

// `device` is one that has the program for one of these, or a port of a bond that has it.
bool is_used(const AttachPoints& points, const std::string& device) {
  return std::any_of(points.begin(), points.end(), [&](const auto& each) {
    return each.second.device_name == device || each.second.ports.contains(device);
  });
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::set<std::string> interfaces_named_by(const Config& config) {
  std::set<std::string> names(config.director.interfaces.begin(), config.director.interfaces.end());
  for (const config::Vip& vip : config.vips) names.insert(vip.interface);
  for (const auto& local : config.director.local_addresses) names.insert(local.interface);
  for (const config::HostRoute& route : config.host_routes) names.insert(route.interface);
  return names;
}

void log_cannot_attach(const std::string& interface, const Error& error) {
  log::error("cannot attach", {{"interface", interface}, {"error", error.message()}});
}

void log_change(const Link& before, const Link* now) {
  if (!now)
    log::warning("interface is gone", {{"interface", before.name}});
  else if (now->name != before.name)
    log::warning("interface is renamed", {{"interface", before.name}, {"to", now->name}});
  else if (now->up != before.up)
    now->up ? log::info("interface is up", {{"interface", now->name}})
            : log::warning("interface is down", {{"interface", now->name}});
}

}  // namespace

Interfaces::Interfaces(const Pins& pins, Program& program, Tables& tables, config::XdpMode mode)
    : program_(program), tables_(tables), attachments_(pins, program, mode) {}

bool Interfaces::need_vlans(const std::vector<Link>& links, const std::vector<std::string>& names) {
  std::vector<AttachPoint> points;
  for (const std::string& name : names)
    if (const Link* link = find_link(links, name))
      if (auto point = attach_point_of(links, *link)) points.push_back(*point);
  return vlans_of(links, points, {}).used;
}

Result<AttachPoints> Interfaces::find_attach_points(const std::vector<std::string>& names,
                                                    std::vector<Link> links) {
  set_links(std::move(links));
  AttachPoints points;
  for (const std::string& name : names) {
    const auto before = points_.find(name);
    if (before != points_.end()) points.insert(*before);
    if (contains(names_, name)) continue;
    const Link* link = find_link(links_, name);
    if (!link) return refusal("director.interfaces: there is no interface '" + name + "'");
    auto point = attach_point_of(links_, *link);
    if (!point) return point.error();
    if (auto able = check_tags_stay(name, *point); !able) return able.error();
    points.emplace(name, std::move(*point));
  }
  return points;
}

// Frames may leave by every interface before any frame comes in by one.
Result<> Interfaces::attach(const AttachPoints& wanted, Features features) {
  for (const auto& [name, point] : wanted)
    if (auto allowed = tables_.allow_egress(point.device); !allowed) return allowed;
  if (auto added = add_vlans(wanted, features); !added) return added;
  for (const auto& [name, point] : wanted) {
    if (is_used(points_, point.device_name)) continue;
    auto attached = attach_at(point);
    if (attached) continue;
    undo_attach(wanted);
    return attached;
  }
  return {};
}

// Replies leave by the interface at which their client's packets arrived.
Result<> Interfaces::attach_at(const AttachPoint& point) {
  if (auto allowed = tables_.allow_egress(point.device); !allowed) return allowed;
  if (point.is_bond) return attachments_.attach_bond(point.device_name, point.device, point.ports);
  return attachments_.attach(point.device_name, point.device);
}

void Interfaces::undo_attach(const AttachPoints& wanted) {
  for (const auto& [name, point] : wanted) {
    if (is_used(points_, point.device_name)) continue;
    attachments_.undo(point.device_name);
    for (const auto& [port, index] : point.ports) attachments_.undo(port);
  }
  if (!is_start_) remove_unused_vlans();
}

void Interfaces::keep(AttachPoints points, const Config& live) {
  points_ = std::move(points);
  names_ = live.director.interfaces;
  logged_ = interfaces_named_by(live);
  is_start_ = false;
  detach_unused();
  remove_unused_vlans();
}

void Interfaces::detach_unused() {
  std::vector<std::string> unused;
  for (const auto& [device, attachment] : attachments_.all())
    if (!is_used(points_, device)) unused.push_back(device);
  for (const std::string& device : unused) attachments_.detach(device);
}

void Interfaces::detach_all() {
  attachments_.detach_others();
  points_.clear();
  detach_unused();
}

// The maps are written before a program that reads them is attached. Entries that are live stay:
// packets need them.
Result<> Interfaces::add_vlans(const AttachPoints& wanted, Features features) {
  const Vlans vlans = vlans_of(links_, all_of(points_, wanted), egress_);
  if (auto added = tables_.add_vlans(vlans); !added) return added;
  features.vlans = vlans.used;
  return extend_program(features);
}

void Interfaces::remove_unused_vlans() {
  auto kept = tables_.keep_vlans(vlans_of(links_, all_of(points_, {}), egress_));
  if (!kept) log::error("VLANs are still in the data plane", {{"error", kept.error().message()}});
}

// The program never forgets a feature: what it learned for a change that failed only costs time.
Result<> Interfaces::extend_program(const Features& features) {
  if (replaced_ && program_.features().has(features)) return {};
  if (auto extended = program_.extend(features); !extended) return extended;
  auto replaced = attachments_.replace();
  replaced_ = replaced.has_value();
  return replaced;
}

bool Interfaces::add_egress(const Change& change) {
  const size_t before = egress_.size();
  for (const Change::Server& server : change.servers)
    if (server.after.ifindex != 0) egress_.insert(server.after.ifindex);
  return egress_.size() != before;
}

void Interfaces::open_egress(const Change& change) {
  if (!add_egress(change)) return;
  if (auto added = add_vlans(points_, {}); !added)
    log::error("VLANs are not in the data plane", {{"error", added.error().message()}});
}

// An interface that cannot have the program any more, because it has become a port of a bond, stays
// as it is.
AttachPoints Interfaces::find_again() const {
  AttachPoints points;
  for (const std::string& name : names_) {
    const auto before = points_.find(name);
    const bool known = before != points_.end();
    const Link* link = find_link(links_, name);
    if (!link && known) link = find_link(links_, before->second.interface);
    if (!link) continue;
    auto point = attach_point_of(links_, *link);
    if (!point) {
      log_cannot_attach(name, point.error());
      if (known) points.insert(*before);
      continue;
    }
    // An attachment keeps the name that it was made with.
    if (known && before->second.device == point->device)
      point->device_name = before->second.device_name;
    points.emplace(name, std::move(*point));
  }
  return points;
}

void Interfaces::on_links(const std::vector<Link>& links) {
  set_links(links);
  if (is_start_) return;
  AttachPoints points = find_again();
  if (auto added = add_vlans(points, {}); !added)
    log::error("VLANs are not in the data plane", {{"error", added.error().message()}});
  for (const auto& [name, point] : points) {
    const auto before = points_.find(name);
    if (before == points_.end() || before->second != point)
      if (auto stay = check_tags_stay(name, point); !stay)
        log::warning("VLAN tags are not seen", {{"error", stay.error().message()}});
    if (auto attached = attach_at(point); !attached) log_cannot_attach(name, attached.error());
  }
  points_ = std::move(points);
  detach_unused();
  remove_unused_vlans();
}

void Interfaces::set_links(std::vector<Link> links) {
  for (const Link& before : links_)
    if (logged_.contains(before.name)) log_change(before, find_link(links, before.index));
  for (const Link& now : links)
    if (!links_.empty() && logged_.contains(now.name) && !find_link(links_, now.name))
      log::info("interface is there", {{"interface", now.name}, {"link", now.up ? "up" : "down"}});
  links_ = std::move(links);
}

InterfaceSnapshot Interfaces::describe(const std::string& name) const {
  InterfaceSnapshot snapshot{name};
  if (const Link* link = find_link(links_, name)) {
    snapshot.index = link->index;
    snapshot.up = link->up;
  }
  const auto found = points_.find(name);
  if (found == points_.end()) return snapshot;
  const AttachPoint& point = found->second;
  const auto& all = attachments_.all();
  const auto has_program = [&](const auto& port) { return all.contains(port.first); };
  const auto attached = all.find(point.device_name);
  snapshot.native = attached != all.end() && attached->second.native;
  snapshot.attached =
      attached != all.end() ||
      (!point.ports.empty() && std::all_of(point.ports.begin(), point.ports.end(), has_program));
  if (!snapshot.attached) return snapshot;
  const Link* device = find_link(links_, point.device);
  snapshot.device = device ? device->name : point.device_name;
  for (const VlanTag& tag : point.tags) snapshot.vlans.push_back(tag.vlan);
  for (const auto& [port, index] : point.ports) snapshot.ports.push_back(port);
  return snapshot;
}

}  // namespace pinion
