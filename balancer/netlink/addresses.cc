// SPDX-License-Identifier: Apache-2.0
#include "balancer/netlink/addresses.h"

#include <linux/if.h>
#include <linux/if_addr.h>

namespace pinion {
namespace {

void read_attribute(const nlattr& attribute, int family, InterfaceAddress& address) {
  switch (mnl_attr_get_type(&attribute)) {
    case IFA_ADDRESS:
      // On a point-to-point link it is the peer's, and IFA_LOCAL, which stands later, is ours.
      if (auto own = read_address(attribute, family)) address.prefix.address = *own;
      break;
    case IFA_LOCAL:
      if (auto own = read_address(attribute, family)) address.prefix.address = *own;
      break;
    case IFA_LABEL:
      address.label = read_text(attribute);
      break;
    case IFA_FLAGS:
      address.flags = read_u32(attribute).value_or(address.flags);
      break;
    case IFA_PROTO:
      address.protocol = read_u8(attribute).value_or(0);
      break;
    default:
      break;
  }
}

Message address_message(uint16_t type, uint16_t flags, uint32_t ifindex, const Prefix& prefix) {
  ifaddrmsg header{};
  header.ifa_family = static_cast<uint8_t>(prefix.address.family());
  header.ifa_prefixlen = prefix.length;
  header.ifa_index = ifindex;
  Message message = Message::with(type, flags, header);
  message.put(IFA_LOCAL, prefix.address);
  message.put(IFA_ADDRESS, prefix.address);
  return message;
}

}  // namespace

std::optional<InterfaceAddress> parse_address(const nlmsghdr& message) {
  if (message.nlmsg_type != RTM_NEWADDR && message.nlmsg_type != RTM_DELADDR) return {};
  const auto* header = family_header<ifaddrmsg>(message);
  if (header == nullptr) return {};
  InterfaceAddress address;
  address.ifindex = header->ifa_index;
  address.prefix.length = header->ifa_prefixlen;
  address.flags = header->ifa_flags;
  for_each_attribute(message, sizeof(ifaddrmsg), [&](const nlattr& attribute) {
    read_attribute(attribute, header->ifa_family, address);
  });
  const bool complete = !address.prefix.address.is_unspecified() &&
                        address.prefix.length <= address.prefix.address.bits();
  return complete ? std::optional(address) : std::nullopt;
}

Result<std::vector<InterfaceAddress>> list_addresses(NetlinkSocket& socket) {
  return socket.dump(Message::with(RTM_GETADDR, 0, ifaddrmsg{}), "list the interfaces' addresses",
                     parse_address);
}

Result<> add_address(NetlinkSocket& socket, const Link& link, const Address& address,
                     const std::string& label, uint8_t mark) {
  const Prefix prefix{address, address.bits()};
  const std::string name = label.empty() ? link.name : link.name + ":" + label;
  const std::string what = "add " + prefix.to_string() + " to " + name;
  if (name.size() >= IFNAMSIZ)
    return refusal(what + ": the name is longer than " + std::to_string(IFNAMSIZ - 1) +
                   " characters; shorten the label");
  Message message = address_message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, link.index, prefix);
  message.put_u8(IFA_PROTO, mark);
  if (address.is_v4()) {
    message.put_text(IFA_LABEL, name);
  } else {
    message.put_u32(IFA_FLAGS, IFA_F_NODAD);
  }
  return socket.request(message, what);
}

Result<> delete_address(NetlinkSocket& socket, const InterfaceAddress& address) {
  return socket.request(address_message(RTM_DELADDR, 0, address.ifindex, address.prefix),
                        "delete " + address.prefix.to_string() +
                            (address.label.empty() ? "" : " from " + address.label));
}

}  // namespace pinion
