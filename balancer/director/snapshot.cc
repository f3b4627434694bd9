// SPDX-License-Identifier: Apache-2.0
// What the director tells of itself.
#include <unistd.h>

#include <algorithm>

#include "balancer/director/director.h"

namespace pinion {
namespace {

// What full NAT can tell apart at one port of a real server.
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
  ServerSnapshot seen;
  seen.address = server.config.address;
  seen.port = server.port.value ? server.port : port_of(service).value_or(Port());
  seen.forward = server.forward;
  seen.tunnel = tunnel_of(service, server.config);
  seen.weight = server.config.weight;
  seen.leaving = server.leaving;
  std::copy_n(server.entry.next_hop, seen.next_hop.bytes.size(), seen.next_hop.bytes.begin());
  if (const Link* link = find_link(links, server.entry.ifindex)) seen.interface = link->name;
  return seen;
}

}  // namespace

Snapshot Director::snapshot() const {
  Snapshot snapshot;
  snapshot.version = PINION_VERSION;
  snapshot.instance = live_.director.instance;
  snapshot.config_file = config_file_;
  snapshot.pid = static_cast<uint32_t>(getpid());
  snapshot.started = started_;
  snapshot.taken = std::chrono::system_clock::now();
  snapshot.adopted = parts_.program.adopted();
  snapshot.differs_from_file = live_ != file_;
  snapshot.reloads = reloads_;
  snapshot.failed_reloads = failed_reloads_;
  snapshot.last_reload_error = last_reload_error_;
  snapshot.warnings = warnings_;
  for (std::string& warning : advisor_.all()) snapshot.warnings.push_back(std::move(warning));
  snapshot.tables = sweeper_.tables();
  for (TableSnapshot& table : snapshot.tables) {
    table.local_ports = local_ports(live_, table.family == "ipv4");
    for (const uint32_t index : reconciler_.model().indices(table.family == "ipv4")) {
      const pinion_load load = parts_.tables.load(index);
      table.connections += uint64_t{load.active} + load.inactive;
    }
  }
  for (const std::string& interface : live_.director.interfaces) {
    snapshot.interfaces.push_back(interfaces_.describe(interface));
  }
  snapshot.verdicts = parts_.counters.verdicts();
  describe_services(snapshot);
  return snapshot;
}

void Director::describe_services(Snapshot& snapshot) const {
  const std::vector<Traffic> traffic =
      parts_.counters.servers(highest_index(reconciler_.model()) + 1);
  for (const auto& [name, service] : reconciler_.model().services()) {
    const config::Service& config = service->config;
    ServiceSnapshot seen{name, config.listeners, config.scheduler, config.forward, {}, {}};
    seen.traffic = reconciler_.released_traffic(name);
    for (const ModelServer& server : service->servers) {
      ServerSnapshot one = describe(config, server, interfaces_.links());
      const pinion_load load = parts_.tables.load(server.index);
      one.active = load.active;
      one.inactive = load.inactive;
      one.reachable = reconciler_.model().reachable(server);
      one.traffic = traffic[server.index];
      seen.traffic += one.traffic;
      seen.servers.push_back(std::move(one));
    }
    snapshot.services.push_back(std::move(seen));
  }
}

}  // namespace pinion
