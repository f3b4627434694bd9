// SPDX-License-Identifier: Apache-2.0
#include "balancer/model/features.h"

#include "balancer/base/net.h"
#include "balancer/model/server_entry.h"
#include "balancer/model/service_key.h"

namespace pinion {
namespace {

bool has_v6_clients(const config::Service& service) {
  return !service.listeners.empty() && !service.listeners.front().vip.address.is_v4();
}

}  // namespace

Features features_of(const pinion_real_server& entry, bool v6_clients) {
  Features features;
  const uint32_t method = 1u << entry.method;
  features.methods = method;
  features.routed = (entry.flags & PINION_SERVER_ROUTED) != 0;
  features.crosses = v6_clients && method == 1u << PINION_METHOD_FULLNAT &&
                     Address::from_words(entry.address).is_v4();
  if ((PINION_TWO_SIDED & method) && entry.mss) features.tcp |= PINION_TCP_MSS;
  if (entry.flags & PINION_SERVER_TOA) features.tcp |= PINION_TCP_TOA;
  if (entry.flags & PINION_SERVER_PROXY) features.tcp |= PINION_TCP_PROXY;
  return features;
}

Features features_of(const std::vector<config::Service>& services) {
  Features features;
  for (const config::Service& service : services)
    for (const config::Server& server : service.servers) {
      pinion_real_server entry{};
      set_configured(entry, service, server);
      features = features | features_of(entry, has_v6_clients(service));
    }
  for (const auto& keys : keys_of(services)) features.listeners |= maps_of(keys);
  return features;
}

}  // namespace pinion
