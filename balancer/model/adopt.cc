// SPDX-License-Identifier: Apache-2.0
// From pinned maps to the model. All that was adopted counts as leaving until configure() says what
// of it is wanted.
#include <algorithm>
#include <map>
#include <set>

#include "balancer/model/model.h"

namespace pinion {
namespace {

NextHop next_hop_of(const pinion_real_server& entry) {
  NextHop next_hop{.ifindex = entry.ifindex, .mtu = entry.mtu};
  std::copy(std::begin(entry.next_hop), std::end(entry.next_hop),
            next_hop.destination.bytes.begin());
  std::copy(std::begin(entry.source), std::end(entry.source), next_hop.source.bytes.begin());
  return next_hop;
}

// Of a prefix it was the configuration's, which says so again.
Address source_of(const pinion_real_server& entry) {
  return entry.source_bits ? Address() : Address::from_words(entry.tunnel_source);
}

std::string text_of(const ServiceKey& key) { return "service " + to_string(key); }

bool same_slots(const pinion_service& a, const pinion_service& b) {
  return a.slot_base == b.slot_base && a.slot_count == b.slot_count;
}

}  // namespace

struct Model::Found {
  std::map<uint32_t, ModelService> services;  // By index; those of nobody under 0.
  std::set<ServiceKey> keys;
  std::map<uint32_t, uint32_t> tables;  // Whose each is, by its base: the service's index.
};

Result<> Model::adopt(const Adopted& adopted) {
  Found found;
  local_ = adopted.local;
  for (const auto& [key, value] : adopted.services)
    if (auto done = adopt_service(key, value, found); !done) return done;
  for (uint32_t index = 0; index < adopted.servers.size(); ++index)
    if (auto done = adopt_server(index, adopted.servers[index], found); !done) return done;
  for (auto& [index, service] : found.services)
    by_id_[service.id] = std::make_shared<const ModelService>(std::move(service));
  unwritten_ = true;
  return {};
}

Result<> Model::adopt_service(const ServiceKey& key, const pinion_service& value, Found& found) {
  if (!found.keys.insert(key).second)
    return refusal("adopt " + text_of(key) + ": it is there twice");
  const auto [at, fresh] = found.services.try_emplace(value.index);
  ModelService& service = at->second;
  if (fresh) {
    if (!service_indices_.reserve(value.index))
      return refusal("adopt " + text_of(key) + ": its index " + std::to_string(value.index) +
                     " is 0, or beyond director.limits.services, " +
                     std::to_string(limits_.services));
    service.id = ++last_id_;
    service.index = value.index;
    service.value = value;
    service.v4 = Address::from_words(key.key.addr).is_v4();
  }
  service.keys.insert(std::upper_bound(service.keys.begin(), service.keys.end(), key), key);
  return adopt_slots(key, value, found);
}

// A daemon that was killed amid its flips has left one table under some keys and another one under
// others. The second one is free as soon as the first configuration is written.
Result<> Model::adopt_slots(const ServiceKey& key, const pinion_service& value, Found& found) {
  if (value.slot_count == 0) return {};
  const auto [table, fresh] = found.tables.try_emplace(value.slot_base, value.index);
  if (!fresh && table->second == value.index) return {};
  if (!ranges_.reserve(value.slot_base, value.slot_count))
    return refusal("adopt " + text_of(key) + ": its slots, " + std::to_string(value.slot_count) +
                   " from " + std::to_string(value.slot_base) +
                   ", are another service's too, or beyond director.limits.slots, " +
                   std::to_string(limits_.slots));
  if (!same_slots(found.services.at(value.index).value, value))
    ranges_.retire(value.slot_base, value.slot_count);
  return {};
}

Result<> Model::adopt_server(uint32_t index, const pinion_real_server& entry, Found& found) {
  if (index < server_indices_.size()) server_indices_.set_generation(index, entry.generation);
  if (!(entry.flags & PINION_SERVER_USED)) return {};
  const Address address = Address::from_words(entry.address);
  if (!server_indices_.reserve(index))
    return refusal("adopt real server " + address.to_string() + ": its index " +
                   std::to_string(index) + " is 0, or beyond director.limits.servers, " +
                   std::to_string(limits_.servers));

  if (entry.method >= PINION_METHOD_COUNT)
    return refusal("adopt real server " + address.to_string() + ": it has forwarding method " +
                   std::to_string(entry.method) + ", which this daemon does not know");
  const bool known = found.services.contains(entry.service);
  ModelService& service = found.services[known ? entry.service : 0];
  const auto forward = static_cast<config::Forward>(entry.method);
  service.servers.push_back({.config = {address, 0},
                             .port = Port::from_be(entry.port),
                             .forward = forward,
                             .index = index,
                             .generation = entry.generation,
                             .leaving = true,
                             .entry = entry});
  if (!has_next_hop(forward)) return {};
  neighbours_.add(address, service.id);
  if (const NextHop next_hop = next_hop_of(entry); !next_hop.destination.is_zero())
    neighbours_.learn(address,
                      {.next_hop = next_hop, .reachable = true, .source = source_of(entry)});
  return {};
}

}  // namespace pinion
