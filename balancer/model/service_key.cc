// SPDX-License-Identifier: Apache-2.0
#include "balancer/model/service_key.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <tuple>
#include <type_traits>

namespace pinion {
namespace {

pinion_service_key key_at(const config::Listener& listener, uint16_t port) {
  pinion_service_key key{.protocol = static_cast<uint8_t>(listener.protocol),
                         .port = Port{port}.be()};
  const auto words = listener.vip.address.words();
  std::copy(words.begin(), words.end(), key.addr);
  return key;
}

std::vector<ServiceKey> keys_of_prefix(const config::Listener& listener) {
  const Prefix& vip = listener.vip;
  const auto bits = static_cast<uint8_t>(128 - vip.address.bits() + vip.length);
  if (listener.ports.is_any()) return {{ServiceMap::kPrefixes, bits, key_at(listener, 0)}};
  std::vector<ServiceKey> keys;
  for (uint32_t port = listener.ports.first; port <= listener.ports.last; ++port)
    keys.push_back({ServiceMap::kPrefixes, bits, key_at(listener, static_cast<uint16_t>(port))});
  return keys;
}

std::vector<ServiceKey> keys_of(const config::Listener& listener) {
  if (!listener.vip.is_host()) return keys_of_prefix(listener);
  if (listener.ports.is_one())
    return {{ServiceMap::kExact, 0, key_at(listener, listener.ports.first)}};
  std::vector<ServiceKey> keys;
  for (const config::PortBlock& block : config::blocks_of(listener.ports))
    keys.push_back({ServiceMap::kRanges, block.bits, key_at(listener, block.first)});
  return keys;
}

// The ports that lead to the key's service.
Ports ports_of(const ServiceKey& key) {
  const uint16_t first = Port::from_be(key.key.port).value;
  if (key.map == ServiceMap::kPrefixes && first == 0) return Ports::any();
  if (key.map != ServiceMap::kRanges) return Ports::one(first);
  return {first, static_cast<uint16_t>(first | (0xffff >> key.bits))};
}

}  // namespace

bool operator==(const ServiceKey& a, const ServiceKey& b) { return !(a < b) && !(b < a); }

bool operator<(const ServiceKey& a, const ServiceKey& b) {
  static_assert(std::has_unique_object_representations_v<pinion_service_key>);
  if (std::tie(a.map, a.bits) != std::tie(b.map, b.bits))
    return std::tie(a.map, a.bits) < std::tie(b.map, b.bits);
  return std::memcmp(&a.key, &b.key, sizeof(a.key)) < 0;
}

std::string to_string(const ServiceKey& key) {
  const Address address = Address::from_words(key.key.addr);
  const bool prefix = key.map == ServiceMap::kPrefixes;
  const auto length =
      prefix ? static_cast<uint8_t>(key.bits - (128 - address.bits())) : address.bits();
  return config::to_string({{address, length}, ports_of(key), Protocol{key.key.protocol}});
}

std::vector<std::vector<ServiceKey>> keys_of(const std::vector<config::Service>& services) {
  struct Claim {
    uint32_t ports;
    size_t service;
  };
  std::map<ServiceKey, Claim> claims;
  for (size_t i = 0; i < services.size(); ++i)
    for (const config::Listener& listener : services[i].listeners)
      for (const ServiceKey& key : keys_of(listener)) {
        const Claim claim{listener.ports.count(), i};
        const auto [at, fresh] = claims.try_emplace(key, claim);
        if (!fresh && claim.ports < at->second.ports) at->second = claim;
      }
  std::vector<std::vector<ServiceKey>> keys(services.size());
  for (const auto& [key, claim] : claims) keys[claim.service].push_back(key);
  return keys;
}

uint32_t maps_of(const std::vector<ServiceKey>& keys) {
  uint32_t maps = 0;
  for (const ServiceKey& key : keys) {
    if (key.map == ServiceMap::kRanges) maps |= PINION_LISTEN_RANGES;
    if (key.map == ServiceMap::kPrefixes) maps |= PINION_LISTEN_PREFIXES;
  }
  return maps;
}

}  // namespace pinion
