// SPDX-License-Identifier: Apache-2.0
#include "balancer/model/neighbours.h"

#include <algorithm>

namespace pinion {

void Neighbours::add(const Address& address, ServiceId service) {
  auto& services = own(address)[address].services;
  services.insert(std::upper_bound(services.begin(), services.end(), service), service);
}

void Neighbours::remove(const Address& address, ServiceId service) {
  Shard& shard = own(address);
  const auto at = shard.find(address);
  auto& services = at->second.services;
  services.erase(std::lower_bound(services.begin(), services.end(), service));
  if (services.empty()) shard.erase(at);
}

const Neighbour* Neighbours::find(const Address& address) const {
  const auto& shard = shards_[shard_of(address)];
  if (!shard) return nullptr;
  const auto at = shard->find(address);
  return at == shard->end() ? nullptr : &at->second;
}

bool Neighbours::learn(const Address& address, const Reachability& fact) {
  const Neighbour* known = find(address);
  if (!known) return false;
  Reachability next = fact;
  if (fact.next_hop.destination.is_zero()) next.next_hop = known->fact.next_hop;
  if (fact.source.is_unspecified()) next.source = known->fact.source;
  if (next == known->fact) return false;
  own(address)[address].fact = next;
  return true;
}

std::vector<Address> Neighbours::addresses() const {
  std::vector<Address> result;
  for (const auto& shard : shards_) {
    if (!shard) continue;
    for (const auto& [address, neighbour] : *shard) result.push_back(address);
  }
  return result;
}

size_t Neighbours::shard_of(const Address& address) {
  return std::hash<Address>()(address) % std::tuple_size_v<decltype(shards_)>;
}

Neighbours::Shard& Neighbours::own(const Address& address) {
  std::shared_ptr<Shard>& shard = shards_[shard_of(address)];
  if (!shard) {
    shard = std::make_shared<Shard>();
  } else if (shard.use_count() > 1) {
    shard = std::make_shared<Shard>(*shard);
  }
  return *shard;
}

}  // namespace pinion
