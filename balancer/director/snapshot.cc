// SPDX-License-Identifier: Apache-2.0
#include "balancer/director/snapshot.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace pinion {
namespace {

// How many connections by full NAT one port of a real server can have.
uint64_t local_ports(const Config& config, bool v4) {
  const auto& addresses = config.director.local_addresses;
  const auto count = std::count_if(addresses.begin(), addresses.end(),
                                   [v4](const auto& local) { return local.address.is_v4() == v4; });
  return static_cast<uint64_t>(count) * (65536 - PINION_FIRST_LOCAL_PORT);
}

uint32_t highest_index(const Model& model) {
  uint32_t highest = 0;
  for (const auto& [name, service] : model.services())
    for (const ModelServer& server : service->servers) highest = std::max(highest, server.index);
  return highest;
}

ServerSnapshot describe(const config::Service& service, const ModelServer& server,
                        const std::vector<Link>& links) {
  ServerSnapshot snapshot;
  snapshot.address = server.config.address;
  snapshot.port = server.port.value ? server.port : port_of(service).value_or(Port());
  snapshot.forward = server.forward;
  snapshot.tunnel = tunnel_of(service, server.config);
  snapshot.weight = server.config.weight;
  snapshot.leaving = server.leaving;
  std::copy_n(server.entry.next_hop, snapshot.next_hop.bytes.size(),
              snapshot.next_hop.bytes.begin());
  if (const Link* link = find_link(links, server.entry.ifindex)) snapshot.interface = link->name;
  return snapshot;
}

std::vector<TableSnapshot> describe_tables(const SnapshotSources& from) {
  std::vector<TableSnapshot> tables = from.sweeper.tables();
  for (TableSnapshot& table : tables) {
    const bool v4 = table.family == "ipv4";
    table.local_ports = local_ports(from.live, v4);
    for (const uint32_t index : from.reconciler.model().indices(v4)) {
      const pinion_load load = from.tables.load(index);
      table.connections += uint64_t{load.active} + load.inactive;
    }
  }
  return tables;
}

std::vector<ServiceSnapshot> describe_services(const SnapshotSources& from) {
  const Model& model = from.reconciler.model();
  const std::vector<Traffic> traffic = from.counters.servers(highest_index(model) + 1);
  std::vector<ServiceSnapshot> services;
  for (const auto& [name, service] : model.services()) {
    const config::Service& config = service->config;
    ServiceSnapshot one{name, config.listeners, config.scheduler, config.forward, {}, {}};
    one.traffic = from.reconciler.released_traffic(name);
    for (const ModelServer& server : service->servers) {
      ServerSnapshot seen = describe(config, server, from.interfaces.links());
      const pinion_load load = from.tables.load(server.index);
      seen.active = load.active;
      seen.inactive = load.inactive;
      seen.reachable = model.reachable(server);
      seen.traffic = traffic[server.index];
      one.traffic += seen.traffic;
      one.servers.push_back(std::move(seen));
    }
    services.push_back(std::move(one));
  }
  return services;
}

}  // namespace

Snapshot take_snapshot(const SnapshotSources& from) {
  Snapshot snapshot;
  snapshot.version = PINION_VERSION;
  snapshot.instance = from.live.director.instance;
  snapshot.pid = static_cast<uint32_t>(getpid());
  snapshot.taken = std::chrono::system_clock::now();
  snapshot.tables = describe_tables(from);
  for (const std::string& interface : from.live.director.interfaces)
    snapshot.interfaces.push_back(from.interfaces.describe(interface));
  snapshot.verdicts = from.counters.verdicts();
  snapshot.services = describe_services(from);
  return snapshot;
}

}  // namespace pinion
