// SPDX-License-Identifier: Apache-2.0
// From the configuration to the model. Each step leaves untouched what does not differ.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "balancer/model/model.h"

namespace pinion {
namespace {

// What a real server of a service is known by.
struct Identity {
  Address address;
  Port port;
  config::Forward forward;
  bool operator==(const Identity&) const = default;
};

struct IdentityHash {
  size_t operator()(const Identity& identity) const {
    return std::hash<Address>()(identity.address) + 31 * identity.port.value;
  }
};

Identity identity_of(const config::Service& service, const config::Server& server) {
  return {server.address, port_of(service, server), forward_of(service, server)};
}

}  // namespace

Result<Change> Model::configure(const Config& config) {
  Change change;
  retire_unwanted(config, change);
  std::map<std::string, ServicePtr> next;
  for (const config::Service& wanted : config.services) {
    ServicePtr& service = by_key_[key_of(wanted)];
    if (!service || !is_live(*service, wanted)) {
      auto updated = update(wanted, service.get(), change);
      if (!updated) return updated.error();
      service = *std::move(updated);
    }
    next.emplace(wanted.name, service);
  }
  services_ = std::move(next);
  if (!change.empty()) ranges_.turn();
  unwritten_ = false;
  return change;
}

// Nothing is to be done for it.
bool Model::is_live(const ModelService& service, const config::Service& wanted) const {
  return service.index != 0 && !unwritten_ && service.config == wanted &&
         !stale_.contains(key_of(wanted));
}

void Model::retire_unwanted(const Config& config, Change& change) {
  Keys wanted;
  for (const config::Service& service : config.services) wanted.insert(key_of(service));
  for (auto at = by_key_.begin(); at != by_key_.end();) {
    const auto& [key, service] = *at;
    // What is gone already has no more to lose, but what was adopted is to be written once.
    if (!wanted.contains(key) && (service->index != 0 || unwritten_))
      at->second = retire(*service, key, change);
    at = at->second ? std::next(at) : by_key_.erase(at);
  }
}

// What remains of a service without its key: its leaving servers, or nullptr.
Model::ServicePtr Model::retire(const ModelService& old, const Key& key, Change& change) {
  if (old.index != 0) {
    change.services.push_back({key, old.value, {}});
    ranges_.retire(old.value.slot_base, old.value.slot_count);
    service_indices_.release(old.index);
    stale_.erase(key);
  }
  if (old.servers.empty()) return nullptr;
  ModelService gone = old;
  gone.index = 0;
  gone.value = {};
  gone.pool.clear();
  gone.references.clear();
  for (ModelServer& server : gone.servers) server.leaving = true;
  write_servers(gone, change);
  return std::make_shared<const ModelService>(std::move(gone));
}

// `old` is what there is under the service's key: live, gone, or nullptr.
Result<Model::ServicePtr> Model::update(const config::Service& wanted, const ModelService* old,
                                        Change& change) {
  const ModelService* live = old && old->index != 0 ? old : nullptr;
  ModelService next{.config = wanted};
  if (live) {
    next.index = live->index;
    next.value = live->value;
    next.pool = live->pool;
    next.references = live->references;
  } else if (const auto index = service_indices_.allocate()) {
    next.index = *index;
  } else {
    return refusal("service \"" + wanted.name + "\": no room for another service: raise " +
                   "director.limits.services, which is " + std::to_string(limits_.services));
  }
  if (auto placed = place_servers(next, old); !placed) return placed.error();
  write_servers(next, change);
  if (auto written = write_table(next, live, change); !written) return written.error();
  stale_.erase(key_of(wanted));
  return std::make_shared<const ModelService>(std::move(next));
}

// The servers that the configuration wants, old ones as they are, then those that are leaving.
Result<> Model::place_servers(ModelService& next, const ModelService* old) {
  std::unordered_map<Identity, const ModelServer*, IdentityHash> known;
  if (old)
    for (const ModelServer& server : old->servers)
      known.emplace(Identity{server.config.address, server.port, server.forward}, &server);

  std::unordered_set<uint32_t> kept;
  next.servers.reserve(next.config.servers.size());
  for (const config::Server& wanted : next.config.servers) {
    const auto at = known.find(identity_of(next.config, wanted));
    if (at != known.end()) {
      next.servers.push_back(*at->second);
      kept.insert(at->second->index);
    } else {
      auto server = new_server(next, wanted);
      if (!server) return server.error();
      next.servers.push_back(*std::move(server));
    }
    next.servers.back().config = wanted;
    next.servers.back().leaving = false;
  }
  if (!old) return {};
  for (const ModelServer& server : old->servers) {
    if (kept.contains(server.index)) continue;
    next.servers.push_back(server);
    next.servers.back().leaving = true;
  }
  return {};
}

Result<ModelServer> Model::new_server(const ModelService& service, const config::Server& wanted) {
  const auto index = server_indices_.allocate();
  if (!index)
    return refusal("service \"" + service.config.name + "\": no room for server " +
                   wanted.address.to_string() + ": raise director.limits.servers, which is " +
                   std::to_string(limits_.servers) +
                   " (leaving servers count until their connections end)");
  ModelServer server{.port = port_of(service.config, wanted),
                     .forward = forward_of(service.config, wanted),
                     .index = *index,
                     .generation = server_indices_.generation(*index)};
  if (has_next_hop(server.forward)) neighbours_.add(wanted.address, key_of(service.config));
  // What the map holds of an index that nobody has is the generation of the last use.
  server.entry.generation = static_cast<uint8_t>(server.generation - 1);
  return server;
}

}  // namespace pinion
