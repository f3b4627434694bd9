// SPDX-License-Identifier: Apache-2.0
// From the configuration to the model. Each step leaves untouched what does not differ.
#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <unordered_set>

#include "balancer/model/local_addresses.h"
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

// 0 where the server says none, or the one that its packets come for anyway: so a listener that is
// added makes no other server of it.
Port own_port(const config::Service& service, const config::Server& server) {
  return server.port == port_of(service) ? Port() : server.port.value_or(Port());
}

Identity identity_of(const config::Service& service, const config::Server& server) {
  return {server.address, own_port(service, server), forward_of(service, server)};
}

}  // namespace

Result<Change> Model::configure(const Config& config) {
  Change change;
  if (auto written = write_local(config, change); !written) return written.error();
  std::vector<Keys> keys = keys_of(config.services);
  const std::vector<ServiceId> ids = recognise(config.services, keys);
  retire_unwanted(ids, change);
  std::map<std::string, ServicePtr> next;
  for (size_t i = 0; i < config.services.size(); ++i) {
    const config::Service& wanted = config.services[i];
    ServicePtr service = ids[i] ? by_id_.at(ids[i]) : nullptr;
    if (!service || !is_live(*service, wanted, keys[i])) {
      auto updated = update(wanted, std::move(keys[i]), service.get(), change);
      if (!updated) return updated.error();
      service = *std::move(updated);
      by_id_[service->id] = service;
    }
    next.emplace(wanted.name, service);
  }
  services_ = std::move(next);
  arrange(change.services);
  if (!change.empty()) ranges_.turn();
  unwritten_ = false;
  return change;
}

Result<> Model::write_local(const Config& config, Change& change) {
  if (config.director.local_addresses.empty() && local_.ports == 0) return {};  // As ever.
  auto next = renumber(local_, config.director.local_addresses);
  if (!next) return next.error();
  if (std::memcmp(&*next, &local_, sizeof(local_)) == 0) return {};
  change.local = {local_, *next};
  local_ = *next;
  return {};
}

// Which of the services that there are each wanted one is; 0: none. One that has a key of it; where
// its keys are of several, or several have one of them, that of its name goes first.
std::vector<ServiceId> Model::recognise(const std::vector<config::Service>& wanted,
                                        const std::vector<Keys>& keys) const {
  std::map<ServiceKey, ServiceId> known;
  for (const bool live : {true, false})  // What is gone may have left its key to another one.
    for (const auto& [id, service] : by_id_)
      if ((service->index != 0) == live)
        for (const ServiceKey& key : service->keys) known.try_emplace(key, id);
  std::vector<ServiceId> ids(wanted.size());
  Ids taken;
  for (size_t i = 0; i < wanted.size(); ++i) {  // Narrower ones may have left it no key at all.
    const auto at = keys[i].empty() ? services_.find(wanted[i].name) : services_.end();
    if (at != services_.end() && at->second->keys.empty()) taken.insert(ids[i] = at->second->id);
  }
  for (const bool by_name : {true, false})
    for (size_t i = 0; i < wanted.size(); ++i)
      for (const ServiceKey& key : keys[i]) {
        const auto at = known.find(key);
        if (ids[i] != 0 || at == known.end() || taken.contains(at->second)) continue;
        if (by_name && by_id_.at(at->second)->config.name != wanted[i].name) continue;
        taken.insert(ids[i] = at->second);
      }
  return ids;
}

// Nothing is to be done for it.
bool Model::is_live(const ModelService& service, const config::Service& wanted,
                    const Keys& keys) const {
  return service.index != 0 && !unwritten_ && service.config == wanted && service.keys == keys &&
         !stale_.contains(service.id);
}

void Model::retire_unwanted(const std::vector<ServiceId>& wanted, Change& change) {
  const Ids kept(wanted.begin(), wanted.end());
  for (auto at = by_id_.begin(); at != by_id_.end();) {
    const auto& [id, service] = *at;
    // What is gone already has no more to lose, but what was adopted is to be written once.
    if ((id == 0 || !kept.contains(id)) && (service->index != 0 || unwritten_))
      at->second = retire(*service, change);
    at = at->second ? std::next(at) : by_id_.erase(at);
  }
}

// What remains of a service that nobody wants: its leaving servers, or nullptr.
Model::ServicePtr Model::retire(const ModelService& old, Change& change) {
  if (old.index != 0) {
    write_keys(&old, nullptr, change);
    ranges_.retire(old.value.slot_base, old.value.slot_count);
    service_indices_.release(old.index);
    stale_.erase(old.id);
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

// `old` is what there is of it: live, gone, or nullptr.
Result<Model::ServicePtr> Model::update(const config::Service& wanted, Keys keys,
                                        const ModelService* old, Change& change) {
  const ModelService* live = old && old->index != 0 ? old : nullptr;
  ModelService next{.config = wanted,
                    .id = old ? old->id : ++last_id_,
                    .v4 = wanted.listeners.front().vip.address.is_v4(),
                    .keys = std::move(keys)};
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
  if (auto matched = match_servers(next, old); !matched) return matched.error();
  write_servers(next, change);
  if (auto written = write_table(next, live, change); !written) return written.error();
  write_keys(live, &next, change);
  stale_.erase(next.id);
  return std::make_shared<const ModelService>(std::move(next));
}

// The servers that the configuration wants, old ones as they are, then those that are leaving.
Result<> Model::match_servers(ModelService& next, const ModelService* old) {
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
  ModelServer server{.port = own_port(service.config, wanted),
                     .forward = forward_of(service.config, wanted),
                     .index = *index,
                     .generation = server_indices_.generation(*index)};
  if (has_next_hop(server.forward)) neighbours_.add(wanted.address, service.id);
  // What the map holds of an index that nobody has is the generation of the last use.
  server.entry.generation = static_cast<uint8_t>(server.generation - 1);
  return server;
}

}  // namespace pinion
