// SPDX-License-Identifier: Apache-2.0
#include "balancer/model/model.h"

#include <algorithm>

namespace pinion {

pinion_service_key key_of(const config::Service& service) {
  pinion_service_key key{};
  const auto words = service.vip.words();
  std::copy(words.begin(), words.end(), key.addr);
  key.port = service.port.be();
  key.protocol = static_cast<uint8_t>(service.protocol);
  return key;
}

Model::Model(const config::Limits& limits)
    : limits_(limits),  // Index 0 names nothing, so there is one more.
      service_indices_(limits.services + 1),
      server_indices_(limits.servers + 1),
      ranges_(limits.slots) {}

std::vector<uint32_t> Model::leaving() const {
  std::vector<uint32_t> indices;
  if (unwritten_) return indices;
  for (const auto& [key, service] : by_key_) {
    const auto& servers = service->servers;
    for (auto server = servers.rbegin(); server != servers.rend() && server->leaving; ++server)
      indices.push_back(server->index);
  }
  return indices;
}

// Adopted servers whose service nobody knows stand under the zero key: they are of their own
// family.
std::vector<uint32_t> Model::indices(bool v4) const {
  std::vector<uint32_t> indices;
  for (const auto& [key, service] : by_key_) {
    const Address vip = Address::from_words(key.addr);
    for (const ModelServer& server : service->servers)
      if ((vip.is_unspecified() ? server.config.address : vip).is_v4() == v4)
        indices.push_back(server.index);
  }
  return indices;
}

uint32_t Model::methods() const {
  uint32_t methods = 0;
  for (const auto& [key, service] : by_key_)
    for (const ModelServer& server : service->servers)
      methods |= 1u << static_cast<uint32_t>(server.forward);
  return methods;
}

uint32_t Model::methods_at(const Address& address) const {
  uint32_t methods = 0;
  const Neighbour* neighbour = neighbours_.find(address);
  if (!neighbour) return methods;
  for (const Key& key : neighbour->services)
    for (const ModelServer& server : by_key_.at(key)->servers)
      if (server.config.address == address) methods |= 1u << static_cast<uint32_t>(server.forward);
  return methods;
}

const Neighbour* Model::neighbour_of(const ModelServer& server) const {
  return has_next_hop(server.forward) ? neighbours_.find(server.config.address) : nullptr;
}

bool Model::reachable(const ModelServer& server) const {
  if (!has_next_hop(server.forward)) return true;
  const Neighbour* neighbour = neighbour_of(server);
  return neighbour && neighbour->usable();
}

std::vector<Address> Model::addresses() const { return neighbours_.addresses(); }

}  // namespace pinion
