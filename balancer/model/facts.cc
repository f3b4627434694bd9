// SPDX-License-Identifier: Apache-2.0
// What the kernel and the connection table tell, into the model.
#include <unordered_set>
#include <utility>

#include "balancer/model/model.h"

namespace pinion {

Change Model::learn(const Address& address, const Reachability& fact) {
  const Fact one{address, fact};
  return learn(std::span(&one, 1));
}

Change Model::learn(std::span<const Fact> facts) {
  Ids touched = std::exchange(stale_, {});
  for (const auto& [address, fact] : facts) {
    if (!neighbours_.learn(address, fact)) continue;
    const auto& services = neighbours_.find(address)->services;
    touched.insert(services.begin(), services.end());
  }
  Change change;
  if (unwritten_) return change;
  refresh(touched, change);
  if (!change.empty()) ranges_.turn();
  return change;
}

// Entries and tables of these services, where facts have changed them.
void Model::refresh(const Ids& ids, Change& change) {
  for (const ServiceId id : ids) {
    const ServicePtr old = by_id_.at(id);
    ModelService next = *old;
    write_servers(next, change);
    if (next.index != 0 && !write_table(next, old.get(), change)) {
      next.value = old->value;
      stale_.insert(id);
    }
    if (next.index != 0) write_keys(old.get(), &next, change);
    store(std::move(next));
  }
  arrange(change.services);
}

void Model::store(ModelService service) {
  const auto stored = std::make_shared<const ModelService>(std::move(service));
  by_id_[stored->id] = stored;
  if (stored->index != 0) services_[stored->config.name] = stored;
}

Change Model::release(std::span<const uint32_t> indices) {
  Change change;
  if (unwritten_) return change;
  const std::unordered_set<uint32_t> idle(indices.begin(), indices.end());
  const auto is_released = [&](const ModelServer& server) {
    return server.leaving && idle.contains(server.index);
  };
  for (auto at = by_id_.begin(); at != by_id_.end();) {
    const auto [id, old] = *at++;
    if (old->servers.empty() || !old->servers.back().leaving) continue;
    ModelService next = *old;
    if (std::erase_if(next.servers, is_released) == 0) continue;
    for (const ModelServer& server : old->servers)
      if (is_released(server)) free_server(id, server, change);
    if (next.index == 0 && next.servers.empty()) {
      by_id_.erase(id);
    } else {
      store(std::move(next));
    }
  }
  refresh(std::exchange(stale_, {}), change);
  if (!change.empty()) ranges_.turn();
  return change;
}

void Model::free_server(ServiceId service, const ModelServer& server, Change& change) {
  // The generation stays, for the next start to go on from.
  change.servers.push_back({server.index, server.entry, {.generation = server.generation}});
  server_indices_.release(server.index);
  if (has_next_hop(server.forward)) neighbours_.remove(server.config.address, service);
}

}  // namespace pinion
