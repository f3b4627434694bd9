// SPDX-License-Identifier: Apache-2.0
// Does another host answer for a VIP? Ask before adding it. By ARP probes (RFC 5227,
// 2.1) and neighbour solicitations from :: (RFC 4862, 5.4.2).
#pragma once

#include <chrono>
#include <vector>

#include "balancer/base/asio.h"
#include "balancer/base/error.h"
#include "balancer/base/net.h"
#include "balancer/netlink/links.h"

namespace pinion {

// An address that is about to be added to a link.
struct Candidacy {
  Link link;
  Address address;
};

struct Conflict {
  Address address;
  uint32_t ifindex = 0;
  Mac owner;  // Who answered.
};

// Asks for all of them at once, three times within `patience`, and returns those that are taken:
// when the time is over, or as soon as all are. Skips links that are down or have no ARP. Fails
// only if the sockets cannot be opened.
asio::awaitable<Result<std::vector<Conflict>>> find_conflicts(
    std::vector<Candidacy> candidacies,
    std::chrono::milliseconds patience = std::chrono::milliseconds(1000));

}  // namespace pinion
