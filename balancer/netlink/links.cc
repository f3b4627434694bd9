// SPDX-License-Identifier: Apache-2.0
#include "balancer/netlink/links.h"

#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/if_arp.h>

#include <algorithm>

namespace pinion {
namespace {

void read_vlan(const nlattr& data, VlanTag& tag) {
  for_each_nested(data, [&](const nlattr& attribute) {
    const int type = mnl_attr_get_type(&attribute);
    if (type == IFLA_VLAN_ID) tag.vlan = read_u16(attribute).value_or(0);
    if (type == IFLA_VLAN_PROTOCOL) tag.protocol = ntohs(read_u16(attribute).value_or(0));
  });
}

// What the data mean depends on the kind, whichever comes first.
void read_info(const nlattr& info, Link& link) {
  const nlattr* data = nullptr;
  for_each_nested(info, [&](const nlattr& attribute) {
    const int type = mnl_attr_get_type(&attribute);
    if (type == IFLA_INFO_KIND) link.kind = read_text(attribute);
    if (type == IFLA_INFO_DATA) data = &attribute;
  });
  if (data != nullptr && link.is_vlan()) read_vlan(*data, link.tag);
}

void read_attribute(const nlattr& attribute, Link& link) {
  switch (mnl_attr_get_type(&attribute)) {
    case IFLA_IFNAME:
      link.name = read_text(attribute);
      break;
    case IFLA_ADDRESS:
      link.mac = read_mac(attribute).value_or(Mac{});
      break;
    case IFLA_MTU:
      link.mtu = read_u32(attribute).value_or(0);
      break;
    case IFLA_MASTER:
      link.master = read_u32(attribute).value_or(0);
      break;
    case IFLA_LINK:
      link.lower = read_u32(attribute).value_or(0);
      break;
    case IFLA_LINKINFO:
      read_info(attribute, link);
      break;
    default:
      break;
  }
}

}  // namespace

std::optional<Link> parse_link(const nlmsghdr& message) {
  if (message.nlmsg_type != RTM_NEWLINK && message.nlmsg_type != RTM_DELLINK) return {};
  const auto* header = family_header<ifinfomsg>(message);
  // A bridge reports its ports in messages of its own family, which say less.
  if (header == nullptr || header->ifi_family != AF_UNSPEC || header->ifi_index <= 0) return {};
  Link link;
  link.index = static_cast<uint32_t>(header->ifi_index);
  link.up = (header->ifi_flags & IFF_UP) != 0 && (header->ifi_flags & IFF_LOWER_UP) != 0;
  link.arp =
      header->ifi_type == ARPHRD_ETHER && (header->ifi_flags & (IFF_NOARP | IFF_LOOPBACK)) == 0;
  bool elsewhere = false;
  for_each_attribute(message, sizeof(ifinfomsg), [&](const nlattr& attribute) {
    read_attribute(attribute, link);
    elsewhere |= mnl_attr_get_type(&attribute) == IFLA_LINK_NETNSID;
  });
  if (!link.is_vlan() || elsewhere) link.lower = 0;  // Of veth it is the other end.
  if (link.name.empty()) return {};
  return link;
}

Result<std::vector<Link>> list_links(NetlinkSocket& socket) {
  return socket.dump(Message::with(RTM_GETLINK, 0, ifinfomsg{}), "list the network interfaces",
                     parse_link);
}

const Link* find_link(const std::vector<Link>& links, const std::string& name) {
  const auto found =
      std::find_if(links.begin(), links.end(), [&](const Link& link) { return link.name == name; });
  return found == links.end() ? nullptr : &*found;
}

const Link* find_link(const std::vector<Link>& links, uint32_t index) {
  const auto found = std::find_if(links.begin(), links.end(),
                                  [&](const Link& link) { return link.index == index; });
  return found == links.end() ? nullptr : &*found;
}

}  // namespace pinion
