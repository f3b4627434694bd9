// SPDX-License-Identifier: Apache-2.0
#include "balancer/control/rates.h"

#include <cmath>

namespace pinion::control {
namespace {

double seconds_between(const Snapshot& before, const Snapshot& now) {
  const double seconds = std::chrono::duration<double>(now.taken - before.taken).count();
  return seconds > 0 ? seconds : 1;
}

double rate(uint64_t before, uint64_t now, double seconds) {
  const uint64_t added = now >= before ? now - before : now;
  return std::round(static_cast<double>(added) / seconds * 10) / 10;
}

// `seconds` is 0 if no rate is wanted.
Json counts(const Traffic& before, const Traffic& now, double seconds) {
  Json json = traffic_json(now);
  if (seconds > 0)
    json["per_second"] = {{"connections", rate(before.connections, now.connections, seconds)},
                          {"packets", rate(before.packets, now.packets, seconds)},
                          {"bytes", rate(before.bytes, now.bytes, seconds)}};
  return json;
}

const ServiceSnapshot* find(const Snapshot* snapshot, const ServiceSnapshot& wanted) {
  if (!snapshot) return nullptr;
  for (const ServiceSnapshot& service : snapshot->services)
    if (service.name == wanted.name) return &service;
  return nullptr;
}

Traffic before_of(const ServiceSnapshot* service, const ServerSnapshot& wanted) {
  if (!service) return {};
  for (const ServerSnapshot& server : service->servers)
    if (server.address == wanted.address && server.port == wanted.port) return server.traffic;
  return {};
}

Json server_stats(const ServerSnapshot& server, const ServiceSnapshot* before, double seconds) {
  Json json = {{"address", server.address.to_string()},
               {"port", port_json(server.port)},
               {"active", server.active},
               {"inactive", server.inactive}};
  json.update(counts(before_of(before, server), server.traffic, seconds));
  return json;
}

Json service_stats(const ServiceSnapshot& service, const ServiceSnapshot* before, double seconds) {
  Json json = {{"name", service.name}};
  add_listeners(json, service.listeners);
  json.update(counts(before ? before->traffic : Traffic{}, service.traffic, seconds));
  json["servers"] = Json::array();
  for (const ServerSnapshot& server : service.servers)
    json["servers"].push_back(server_stats(server, before, seconds));
  return json;
}

}  // namespace

Json stats_json(const Snapshot& now, const Snapshot* before) {
  const double seconds = before ? seconds_between(*before, now) : 0;
  Traffic total, total_before;
  Json services = Json::array();
  for (const ServiceSnapshot& service : now.services) {
    const ServiceSnapshot* earlier = find(before, service);
    total += service.traffic;
    if (earlier) total_before += earlier->traffic;
    services.push_back(service_stats(service, earlier, seconds));
  }
  return {{"interval_ms", std::llround(seconds * 1000)},
          {"total", counts(total_before, total, seconds)},
          {"services", services}};
}

}  // namespace pinion::control
