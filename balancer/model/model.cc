// SPDX-License-Identifier: Apache-2.0
#include "balancer/model/model.h"

namespace pinion {
Model::Model(const config::Limits& limits)
    : limits_(limits),  // Index 0 names nothing, so there is one more.
      service_indices_(limits.services + 1),
      server_indices_(limits.servers + 1),
      ranges_(limits.slots) {}

std::vector<uint32_t> Model::leaving() const {
  std::vector<uint32_t> indices;
  if (unwritten_) return indices;
  for (const auto& [id, service] : by_id_) {
    const auto& servers = service->servers;
    for (auto server = servers.rbegin(); server != servers.rend() && server->leaving; ++server)
      indices.push_back(server->index);
  }
  return indices;
}

// Adopted servers whose service nobody knows are of their own family.
std::vector<uint32_t> Model::indices(bool v4) const {
  std::vector<uint32_t> indices;
  for (const auto& [id, service] : by_id_)
    for (const ModelServer& server : service->servers)
      if ((id == 0 ? server.config.address.is_v4() : service->v4) == v4)
        indices.push_back(server.index);
  return indices;
}

// The clients of an adopted server whose service is unknown may have IPv6.
Features Model::features() const {
  Features features;
  for (const auto& [id, service] : by_id_) {
    if (service->index != 0) features.listeners |= maps_of(service->keys);
    for (const ModelServer& server : service->servers)
      features = features | features_of(server.entry, service->index == 0 || !service->v4);
  }
  return features;
}

const Neighbour* Model::neighbour_of(const ModelServer& server) const {
  return has_next_hop(server.forward) ? neighbours_.find(server.config.address) : nullptr;
}

bool Model::reachable(const ModelServer& server) const {
  if (!has_next_hop(server.forward)) return true;
  const Neighbour* neighbour = neighbour_of(server);
  return neighbour && neighbour->usable();
}

const Reachability* Model::fact_about(const ModelServer& server) const {
  const Neighbour* neighbour = neighbour_of(server);
  return neighbour ? &neighbour->fact : nullptr;
}

std::vector<Address> Model::addresses() const { return neighbours_.addresses(); }

}  // namespace pinion
