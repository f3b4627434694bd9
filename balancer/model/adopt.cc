// SPDX-License-Identifier: Apache-2.0
// From pinned maps to the model. All that was adopted counts as leaving until configure() says what
// of it is wanted.
#include <algorithm>

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

std::string text_of(const pinion_service_key& key) {
  return "service " + to_string(Address::from_words(key.addr), Port::from_be(key.port)) +
         (key.protocol == IPPROTO_UDP ? "/udp" : "/tcp");
}

}  // namespace

struct Model::Found {
  std::map<Key, ModelService, KeyOrder> services;
  std::map<uint32_t, Key> keys;  // By the service's index.
};

Result<> Model::adopt(const Adopted& adopted) {
  Found found;
  for (const auto& [key, value] : adopted.services)
    if (auto done = adopt_service(key, value, found); !done) return done;
  for (uint32_t index = 0; index < adopted.servers.size(); ++index)
    if (auto done = adopt_server(index, adopted.servers[index], found); !done) return done;
  for (auto& [key, service] : found.services)
    by_key_[key] = std::make_shared<const ModelService>(std::move(service));
  unwritten_ = true;
  return {};
}

Result<> Model::adopt_service(const Key& key, const pinion_service& value, Found& found) {
  if (!service_indices_.reserve(value.index)) {
    const auto other = found.keys.find(value.index);
    return refusal("adopt " + text_of(key) + ": its index " + std::to_string(value.index) +
                   (other == found.keys.end() ? " is 0, or beyond director.limits.services, " +
                                                    std::to_string(limits_.services)
                                              : " is that of " + text_of(other->second)));
  }
  if (value.slot_count > 0 && !ranges_.reserve(value.slot_base, value.slot_count))
    return refusal("adopt " + text_of(key) + ": its slots, " + std::to_string(value.slot_count) +
                   " from " + std::to_string(value.slot_base) +
                   ", are another service's too, or beyond director.limits.slots, " +
                   std::to_string(limits_.slots));
  if (!found.services.emplace(key, ModelService{.index = value.index, .value = value}).second)
    return refusal("adopt " + text_of(key) + ": it is there twice");
  found.keys.emplace(value.index, key);
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
  const auto at = found.keys.find(entry.service);
  const Key key = at == found.keys.end() ? Key{} : at->second;
  const auto forward = static_cast<config::Forward>(entry.method);
  found.services[key].servers.push_back({.config = {address, 0},
                                         .port = Port::from_be(entry.port),
                                         .forward = forward,
                                         .index = index,
                                         .generation = entry.generation,
                                         .leaving = true,
                                         .entry = entry});
  if (!has_next_hop(forward)) return {};
  neighbours_.add(address, key);
  if (const NextHop next_hop = next_hop_of(entry); !next_hop.destination.is_zero())
    neighbours_.learn(address,
                      {.next_hop = next_hop, .reachable = true, .source = source_of(entry)});
  return {};
}

}  // namespace pinion
