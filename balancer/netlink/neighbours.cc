// SPDX-License-Identifier: Apache-2.0
#include "balancer/netlink/neighbours.h"

#include <linux/neighbour.h>

#include <string>

namespace pinion {
namespace {

constexpr uint16_t kFixed = NUD_PERMANENT | NUD_NOARP;
constexpr uint16_t kValid = kFixed | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY;

Message neighbour_message(uint16_t type, uint16_t flags, uint32_t ifindex, const Address& address,
                          uint16_t state = NUD_NONE) {
  ndmsg header{};
  header.ndm_family = static_cast<uint8_t>(address.family());
  header.ndm_ifindex = static_cast<int>(ifindex);
  header.ndm_state = state;
  Message message = Message::with(type, flags, header);
  message.put(NDA_DST, address);
  return message;
}

std::string describe(uint32_t ifindex, const Address& address) {
  return "neighbour " + address.to_string() + " on the interface with index " +
         std::to_string(ifindex);
}

}  // namespace

bool Neighbour::valid() const { return (state & kValid) != 0 && !mac.is_zero(); }

bool Neighbour::fixed() const { return (state & kFixed) != 0; }

std::optional<Neighbour> parse_neighbour(const nlmsghdr& message) {
  if (message.nlmsg_type != RTM_NEWNEIGH && message.nlmsg_type != RTM_DELNEIGH) return {};
  const auto* header = family_header<ndmsg>(message);
  if (header == nullptr || (header->ndm_flags & NTF_PROXY) != 0) return {};
  Neighbour neighbour;
  neighbour.ifindex = static_cast<uint32_t>(header->ndm_ifindex);
  neighbour.state = header->ndm_state;
  std::optional<Address> address;
  for_each_attribute(message, sizeof(ndmsg), [&](const nlattr& attribute) {
    const uint16_t type = mnl_attr_get_type(&attribute);
    if (type == NDA_DST) address = read_address(attribute, header->ndm_family);
    if (type == NDA_LLADDR) neighbour.mac = read_mac(attribute).value_or(Mac{});
  });
  if (!address) return {};
  neighbour.address = *address;
  return neighbour;
}

Result<std::vector<Neighbour>> list_neighbours(NetlinkSocket& socket) {
  return socket.dump(Message::with(RTM_GETNEIGH, 0, ndmsg{}), "list the neighbours",
                     parse_neighbour);
}

Result<std::optional<Neighbour>> get_neighbour(NetlinkSocket& socket, uint32_t ifindex,
                                               const Address& address) {
  return socket.get(neighbour_message(RTM_GETNEIGH, 0, ifindex, address),
                    "look up " + describe(ifindex, address), ENOENT, parse_neighbour);
}

Result<> keep_resolved(NetlinkSocket& socket, uint32_t ifindex, const Address& address) {
  Message message = neighbour_message(RTM_NEWNEIGH, NLM_F_CREATE, ifindex, address);
  message.put_u32(NDA_FLAGS_EXT, NTF_EXT_MANAGED);
  return socket.request(message, "keep resolved " + describe(ifindex, address));
}

Result<> correct_neighbour(NetlinkSocket& socket, uint32_t ifindex, const Address& address,
                           const Mac& mac) {
  Message message = neighbour_message(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, ifindex, address,
                                      NUD_REACHABLE);
  message.put(NDA_LLADDR, mac);
  if (auto set = socket.request(message, "correct " + describe(ifindex, address)); !set) return set;
  // A MAC address and NTF_EXT_MANAGED in one request: the kernel would ignore the former. And a
  // request without the flag takes it away.
  return keep_resolved(socket, ifindex, address);
}

Result<> release_neighbour(NetlinkSocket& socket, uint32_t ifindex, const Address& address) {
  auto released = socket.request(neighbour_message(RTM_DELNEIGH, 0, ifindex, address),
                                 "release " + describe(ifindex, address));
  const int number = released ? 0 : released.error().code.value();
  if (number == ENOENT || number == ENODEV || number == ENXIO) return {};
  return released;
}

}  // namespace pinion
