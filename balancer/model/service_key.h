// SPDX-License-Identifier: Apache-2.0
// What leads a packet to its service: a key of one of three maps, which are asked in this order.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "balancer/bpf/abi/abi.h"
#include "config/config.h"

namespace pinion {

enum class ServiceMap : uint8_t { kExact, kRanges, kPrefixes };

struct ServiceKey {
  ServiceMap map = ServiceMap::kExact;
  uint8_t bits = 0;          // Of the port in kRanges, of the address's 128 in kPrefixes.
  pinion_service_key key{};  // What is beyond the bits is 0; port 0 of kPrefixes is any.

  friend bool operator==(const ServiceKey& a, const ServiceKey& b);
  friend bool operator<(const ServiceKey& a, const ServiceKey& b);
};

// "192.168.88.88:80/tcp", "192.168.88.88:8000-8007/tcp", "192.0.2.0/28:any/udp".
std::string to_string(const ServiceKey& key);

// Of services in the order of the configuration, each one's keys, sorted. Of listeners inside each
// other that have the same key the narrowest has it: so each key is one service's only.
std::vector<std::vector<ServiceKey>> keys_of(const std::vector<config::Service>& services);

// A bit for each map besides `services` that a key is in: PINION_LISTEN_*.
uint32_t maps_of(const std::vector<ServiceKey>& keys);

}  // namespace pinion
