// SPDX-License-Identifier: Apache-2.0
// From a service of the model to what the maps must hold for it.
#include <algorithm>
#include <cstring>
#include <map>
#include <type_traits>
#include <utility>

#include "balancer/model/model.h"
#include "balancer/model/server_entry.h"

namespace pinion {
namespace {

template <typename T>
bool equal(const T& a, const T& b) {
  static_assert(std::has_unique_object_representations_v<T>);
  return std::memcmp(&a, &b, sizeof(a)) == 0;
}

bool is_idle(const Change::Service& flip) {
  return flip.before && flip.after && equal(*flip.before, *flip.after);
}

std::vector<Candidate> candidates_of(const std::vector<const ModelServer*>& pool) {
  std::vector<Candidate> candidates;
  candidates.reserve(pool.size());
  for (const ModelServer* server : pool)
    candidates.push_back({server->config.address, server->port, server->config.weight});
  return candidates;
}

std::vector<uint32_t> references_of(const std::vector<const ModelServer*>& pool) {
  std::vector<uint32_t> references;
  references.reserve(pool.size());
  for (const ModelServer* server : pool)
    references.push_back(PINION_REFERENCE(server->index, server->generation));
  return references;
}

// The memory of the positions becomes that of the references: tables are large.
Change::Slots slots_of(uint32_t base, std::vector<uint32_t> positions,
                       const std::vector<uint32_t>& references) {
  for (uint32_t& slot : positions) slot = references[slot];
  return {base, std::move(positions)};
}

Error no_room(const ModelService& service, size_t slots, const Ranges& ranges) {
  return refusal(
      "service \"" + service.config.name + "\": no room for a table of " + std::to_string(slots) +
      " slots, the longest free range has " + std::to_string(ranges.longest_free()) +
      " (replaced tables keep theirs for two more changes): raise director.limits.slots, "
      "which is " +
      std::to_string(ranges.size()));
}

}  // namespace

pinion_real_server Model::entry_of(const ModelService& service, const ModelServer& server) const {
  pinion_real_server entry = server.entry;
  constexpr uint8_t kTold = PINION_SERVER_TOA | PINION_SERVER_PROXY;
  entry.flags = static_cast<uint8_t>(PINION_SERVER_USED | (server.entry.flags & kTold));
  entry.generation = server.generation;
  entry.service = service.index;
  if (!server.leaving) {
    set_configured(entry, service.config, server.config);
    entry.port = server.port.be();
  }
  if (!has_next_hop(server.forward)) entry.flags |= PINION_SERVER_HERE;
  set_replies(entry, service.config);
  if (const Neighbour* neighbour = neighbour_of(server)) {
    const Reachability& fact = neighbour->fact;
    if (server.forward == config::Forward::kTunnel && !server.leaving)
      set_tunnel(entry, tunnel_of(service.config, server.config), fact.source);
    set_next_hop(entry, fact.next_hop);
    if (!fact.reachable && !fact.next_hop.destination.is_zero())
      entry.flags |= PINION_SERVER_UNREACHABLE;
  }
  return entry;
}

void Model::write_servers(ModelService& next, Change& change) const {
  for (ModelServer& server : next.servers) {
    const pinion_real_server after = entry_of(next, server);
    if (!unwritten_ && equal(after, server.entry)) continue;
    change.servers.push_back({server.index, server.entry, after});
    server.entry = after;
  }
}

// Those that take connections and can be reached. Where none can be, all that take connections:
// facts may be late, and a table of unreachable servers is no worse than none.
std::vector<const ModelServer*> Model::pool_of(const ModelService& service) const {
  std::vector<const ModelServer*> accepting, usable;
  for (const ModelServer& server : service.servers) {
    if (server.leaving || server.config.weight == 0) continue;
    accepting.push_back(&server);
    if (reachable(server)) usable.push_back(&server);
  }
  return usable.empty() ? accepting : usable;
}

// `old` is what is live of it, nullptr where nothing is.
Result<> Model::write_table(ModelService& next, const ModelService* old, Change& change) {
  const auto pool = pool_of(next);
  std::vector<Candidate> candidates = candidates_of(pool);
  std::vector<uint32_t> references = references_of(pool);
  const bool same_scheduler = old && old->config.scheduler == next.config.scheduler;
  if (!unwritten_ && same_scheduler && candidates == old->pool && references == old->references)
    return {};

  const Scheduler* scheduler = find_scheduler(next.config.scheduler);
  if (!scheduler)
    return refusal("service \"" + next.config.name + "\": there is no scheduler \"" +
                   next.config.scheduler + "\"");
  next.value = {.index = next.index, .selection = static_cast<uint8_t>(scheduler->selection)};
  if (auto positions = scheduler->build(candidates); !positions.empty()) {
    const auto count = static_cast<uint32_t>(positions.size());
    const auto base = ranges_.allocate(count);
    if (!base) return no_room(next, count, ranges_);
    next.value.slot_base = *base;
    next.value.slot_count = count;
    change.slots.push_back(slots_of(*base, std::move(positions), references));
  }
  next.pool = std::move(candidates);
  next.references = std::move(references);
  if (old) ranges_.retire(old->value.slot_base, old->value.slot_count);
  return {};
}

void Model::write_keys(const ModelService* old, const ModelService* next, Change& change) {
  if (old)
    for (const ServiceKey& key : old->keys) change.services.push_back({key, old->value, {}});
  if (next)
    for (const ServiceKey& key : next->keys) change.services.push_back({key, {}, next->value});
}

// A key that is lost here and won there, by the same service or another one, is one flip.
void Model::arrange(std::vector<Change::Service>& flips) const {
  std::map<ServiceKey, Change::Service> by_key;
  for (const Change::Service& flip : flips) {
    Change::Service& one = by_key[flip.key];
    one.key = flip.key;
    if (flip.before) one.before = flip.before;
    if (flip.after) one.after = flip.after;
  }
  flips.clear();
  for (const bool wins : {true, false})
    for (const auto& [key, flip] : by_key)
      if (flip.after.has_value() == wins && (unwritten_ || !is_idle(flip))) flips.push_back(flip);
}

}  // namespace pinion
