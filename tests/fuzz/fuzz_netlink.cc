// SPDX-License-Identifier: Apache-2.0
// Bytes from the network and from the kernel: the first byte says which ('f' a frame, else a
// datagram of the netlink socket); no reader looks beyond the end of the rest.
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <span>

#include "balancer/netlink/addresses.h"
#include "balancer/netlink/frames.h"
#include "balancer/netlink/links.h"
#include "balancer/netlink/monitor.h"
#include "balancer/netlink/routes.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void read_frame(std::span<const uint8_t> bytes) {
  const auto claim = pinion::read_claim(bytes);
  if (claim) require(!(claim->answer && claim->probe));
}

// Every parser gets every message; each refuses those of another type.
void read_message(const nlmsghdr& message) {
  const auto link = pinion::parse_link(message);
  if (link) require(link->index != 0 && !link->name.empty());
  if (link && !link->is_vlan()) require(link->lower == 0 && link->tag == pinion::VlanTag{});
  const auto address = pinion::parse_address(message);
  if (address) require(address->prefix.length <= address->prefix.address.bits());
  const auto route = pinion::parse_host_route(message);
  if (route) require(route->to.length <= route->to.address.bits());
  const auto path = pinion::parse_path(message);
  if (path) require(path->ifindex != 0);
  require(!(link && address) && !(address && route));
}

void read_datagram(std::span<const char> bytes) {
  pinion::Changes changes;
  pinion::read_changes(bytes, changes);
  pinion::for_each_message(bytes, read_message);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  // Of exactly this size, and aligned as the buffers of the sockets are.
  const auto rest = std::make_unique<char[]>(size - 1);
  std::copy(data + 1, data + size, rest.get());
  if (data[0] == 'f') {
    read_frame({reinterpret_cast<const uint8_t*>(rest.get()), size - 1});
  } else {
    read_datagram({rest.get(), size - 1});
  }
  return 0;
}
