// SPDX-License-Identifier: Apache-2.0
// The addresses that real servers are at: what is known of each, and whose servers are there. So a
// fact finds its services without a walk over all of them.
//
// Copies share their memory: it is split into shards, and only a shard that changes is copied.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "balancer/model/next_hop.h"

namespace pinion {

// What a service is called among the parts of a model. 0 is that of adopted servers whose service
// nobody knows.
using ServiceId = uint32_t;

struct Neighbour {
  Reachability fact;
  std::vector<ServiceId> services;  // One a server, sorted: an id may occur twice.

  // A frame can be sent there, and is expected to arrive.
  bool usable() const { return fact.reachable && !fact.next_hop.destination.is_zero(); }
};

class Neighbours {
 public:
  // A server of the service is at this address, or is no longer. An address without servers is
  // forgotten.
  void add(const Address& address, ServiceId service);
  void remove(const Address& address, ServiceId service);

  // nullptr where no server is there.
  const Neighbour* find(const Address& address) const;

  // True where the fact is news about an address that servers are at. A fact without a MAC address
  // keeps the last known next hop, and one without a source the last known source.
  bool learn(const Address& address, const Reachability& fact);

  std::vector<Address> addresses() const;

 private:
  using Shard = std::map<Address, Neighbour>;

  static size_t shard_of(const Address& address);
  Shard& own(const Address& address);  // Not shared with another copy.

  std::array<std::shared_ptr<Shard>, 512> shards_;  // nullptr: empty.
};

}  // namespace pinion
