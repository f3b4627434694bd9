// SPDX-License-Identifier: Apache-2.0
#include "balancer/interfaces/attach_point.h"

#include <arpa/inet.h>

#include <algorithm>

#include "balancer/netlink/offloads.h"

namespace pinion {
namespace {

constexpr char kKey[] = "director.interfaces: ";

// The device below all VLAN devices (nullptr where it is in another namespace), and the tags that
// frames have there, the outermost first.
struct Stack {
  const Link* device = nullptr;
  std::vector<VlanTag> tags;
};

Stack stack_of(const std::vector<Link>& links, const Link& link) {
  Stack stack{&link, {}};
  while (stack.device != nullptr && stack.device->is_vlan()) {
    if (stack.tags.size() == links.size()) return {};  // Links changed while they were read.
    stack.tags.insert(stack.tags.begin(), stack.device->tag);
    stack.device = find_link(links, stack.device->lower);
  }
  return stack;
}

bool followed(const Stack& stack) {
  return stack.device != nullptr && stack.tags.size() <= PINION_VLAN_TAGS;
}

void put_tags(pinion_tag* next, const std::vector<VlanTag>& tags) {
  for (const VlanTag& tag : tags) *next++ = {htons(tag.protocol), htons(tag.vlan)};
}

// On a bond the program runs on the port at which a frame arrived.
class Entrances {
 public:
  explicit Entrances(const AttachPoint& point) : device_(point.device), at_{point.device} {
    for (const auto& [name, index] : point.ports) at_.push_back(index);
  }

  void add(const std::vector<VlanTag>& tags, uint32_t interface, Vlans& vlans) const {
    pinion_entrance_key key{};
    put_tags(key.tags, tags);
    put(key, interface, vlans);
  }
  // Frames that have no other entrance: those of VLANs without a device here.
  void add_any(Vlans& vlans) const {
    pinion_entrance_key key{};
    key.tags[0].protocol = PINION_ANY_TAGS;
    put(key, 0, vlans);
  }

 private:
  void put(pinion_entrance_key key, uint32_t interface, Vlans& vlans) const {
    for (const uint32_t ifindex : at_) {
      key.ifindex = ifindex;
      vlans.entrances.push_back({key, {interface, device_}});
    }
  }

  uint32_t device_;
  std::vector<uint32_t> at_;
};

}  // namespace

Result<AttachPoint> attach_point_of(const std::vector<Link>& links, const Link& link) {
  const Stack stack = stack_of(links, link);
  if (stack.device == nullptr)
    return refusal(kKey + link.name +
                   " is a VLAN device on one in another network namespace: its frames come in "
                   "there, so start piniond there, and name that one");
  if (!followed(stack))
    return refusal(kKey + link.name + " has " + std::to_string(stack.tags.size()) +
                   " VLAN tags, and more than " + std::to_string(PINION_VLAN_TAGS) +
                   " are not followed");
  const Link* master = find_link(links, stack.device->master);
  if (master != nullptr && master->is_bond())
    return refusal(kKey + stack.device->name + " is a port of the bond " + master->name +
                   ", and its frames come in by that: name " + master->name +
                   (stack.tags.empty() ? "" : ", or a VLAN device on it") + " in place of " +
                   link.name);
  AttachPoint point{link.index, stack.device->index, stack.device->name, stack.tags};
  point.is_bond = stack.device->is_bond();
  for (const Link& other : links)
    if (point.is_bond && other.master == point.device) point.ports.emplace(other.name, other.index);
  return point;
}

Vlans vlans_of(const std::vector<Link>& links, const std::vector<AttachPoint>& points,
               const std::set<uint32_t>& egress) {
  Vlans vlans;
  std::map<uint32_t, const AttachPoint*> named;  // Devices that director.interfaces itself names.
  for (const AttachPoint& point : points) {
    Entrances(point).add(point.tags, point.interface, vlans);
    vlans.used |= !point.tags.empty() || point.is_bond;
    if (!point.tags.empty()) continue;
    named.emplace(point.device, &point);
    Entrances(point).add_any(vlans);
  }
  for (const Link& link : links) {
    if (!link.is_vlan()) continue;
    const Stack stack = stack_of(links, link);
    if (!followed(stack)) continue;
    pinion_vlan_device value{.device = stack.device->index};
    put_tags(value.tags, stack.tags);
    vlans.devices.emplace_back(link.index, value);
    const auto comes_in = named.find(stack.device->index);
    if (comes_in != named.end()) Entrances(*comes_in->second).add(stack.tags, link.index, vlans);
    vlans.used |= comes_in != named.end() || egress.contains(link.index);
  }
  return vlans;
}

Result<> check_tags_stay(const std::string& interface, const AttachPoint& point) {
  if (point.tags.empty()) return {};
  std::vector<std::string> hardware;
  for (const auto& [name, index] : point.ports) hardware.push_back(name);
  if (!point.is_bond) hardware.push_back(point.device_name);
  for (const std::string& name : hardware) {
    const auto strips = strips_vlan_tags(name);
    if (!strips) return strips.error();
    if (*strips)
      return refusal(kKey + name + " takes the VLAN tags off its frames (rx-vlan-offload), so " +
                     "those of " + interface + " cannot be told apart: ethtool -K " + name +
                     " rxvlan off");
  }
  return {};
}

}  // namespace pinion
