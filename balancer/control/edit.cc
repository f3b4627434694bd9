// SPDX-License-Identifier: Apache-2.0
#include "balancer/control/edit.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "balancer/control/keywords.h"

namespace pinion::control {
namespace {

config::Service* find(Config& config, const std::string& name) {
  for (config::Service& service : config.services)
    if (service.name == name) return &service;
  return nullptr;
}

using Servers = std::vector<config::Server>;

std::vector<std::string> names_of(const Servers& servers) {
  std::vector<std::string> names;
  for (const config::Server& server : servers)
    names.push_back(config::to_string({server.address, server.port}));
  return names;
}

Refusal no_such_server(const config::Service& service, const config::ServerName& name) {
  const std::vector<std::string> names = names_of(service.servers);
  const std::vector<std::string_view> known(names.begin(), names.end());
  const std::string text = config::to_string(name);
  return {404, "service '" + service.name + "' has no server " + text, hint_for(text, known)};
}

Refusal ambiguous(const config::Service& service, const config::ServerName& name,
                  const Servers& meant) {
  std::string ports;
  for (const config::Server& server : meant)
    ports += (ports.empty() ? "" : " or ") +
             config::to_string({server.address, port_of(service, server)});
  return {409,
          "service '" + service.name + "' has " + std::to_string(meant.size()) + " servers at " +
              name.address.to_string(),
          "say which: " + ports};
}

// A VIP, port or protocol is the only listener's.
Outcome<> set_listeners(config::Service& service, const ServiceChange& change) {
  const bool one = change.vip || change.ports || change.protocol;
  if (one && change.listeners)
    return Refusal{400, "'listeners' and a VIP, port or protocol contradict each other",
                   "give one of the two"};
  if (one && service.listeners.size() != 1)
    return Refusal{409,
                   "service '" + service.name + "' has " +
                       std::to_string(service.listeners.size()) + " listeners",
                   "give all that it is to have as listeners"};
  if (change.listeners) service.listeners = *change.listeners;
  if (!one) return {};
  config::Listener& listener = service.listeners.front();
  if (change.vip) listener.vip = *change.vip;
  if (change.ports) listener.ports = *change.ports;
  if (change.protocol) listener.protocol = *change.protocol;
  return {};
}

Outcome<Servers::iterator> find(config::Service& service, const config::ServerName& name) {
  const auto is_meant = [&](const config::Server& server) {
    return server.address == name.address && (!name.port || *name.port == port_of(service, server));
  };
  Servers meant;
  std::copy_if(service.servers.begin(), service.servers.end(), std::back_inserter(meant), is_meant);
  if (meant.empty()) return no_such_server(service, name);
  if (meant.size() > 1) return ambiguous(service, name, meant);
  return std::find_if(service.servers.begin(), service.servers.end(), is_meant);
}

void add(config::ServerTunnel& tunnel, const config::ServerTunnel& more) {
  if (more.type) tunnel.type = more.type;
  if (more.port) tunnel.port = more.port;
  if (more.checksum) tunnel.checksum = more.checksum;
  if (more.source) tunnel.source = more.source;
}

}  // namespace

Refusal no_such_service(const Config& config, const std::string& name) {
  std::vector<std::string_view> known;
  for (const config::Service& service : config.services) known.push_back(service.name);
  return {404, "no service '" + name + "'", hint_for(name, known)};
}

Outcome<Config> add_service(Config config, config::Service service) {
  if (service.name.empty()) service.name = config::default_name(service);
  if (find(config, service.name))
    return Refusal{409, "there is a service '" + service.name + "' already",
                   "change it with 'service set'"};
  config.services.push_back(std::move(service));
  return config;
}

Outcome<Config> set_service(Config config, const std::string& name, const ServiceChange& change) {
  if (change == ServiceChange{})
    return Refusal{400, "nothing to change", "give at least one field"};
  config::Service* service = find(config, name);
  if (!service) return no_such_service(config, name);
  if (auto set = set_listeners(*service, change); !set) return set.error();
  if (change.scheduler) service->scheduler = *change.scheduler;
  if (change.forward) service->forward = *change.forward;
  if (change.replies) service->replies = *change.replies;
  service->tunnel = with(service->tunnel, change.tunnel);
  if (change.client_address) service->client_address = *change.client_address;
  if (change.mss) service->mss = *change.mss;
  return config;
}

Outcome<Config> remove_service(Config config, const std::string& name) {
  const size_t removed =
      std::erase_if(config.services, [&](const auto& service) { return service.name == name; });
  if (!removed) return no_such_service(config, name);
  return config;
}

Outcome<Config> add_server(Config config, const std::string& name, config::Server server) {
  config::Service* service = find(config, name);
  if (!service) return no_such_service(config, name);
  const config::ServerName endpoint{server.address, port_of(*service, server)};
  if (find(*service, endpoint))
    return Refusal{409,
                   "service '" + name + "' has server " +
                       config::to_string({server.address, server.port}) + " already",
                   "change it with 'server set'"};
  service->servers.push_back(server);
  return config;
}

Outcome<Config> set_server(Config config, const std::string& name, const config::ServerName& which,
                           const ServerChange& change) {
  if (change == ServerChange{}) return Refusal{400, "nothing to change", "give at least one field"};
  config::Service* service = find(config, name);
  if (!service) return no_such_service(config, name);
  const auto server = find(*service, which);
  if (!server) return server.error();
  if (change.weight) (*server)->weight = *change.weight;
  if (change.forward) (*server)->forward = *change.forward;
  add((*server)->tunnel, change.tunnel);
  if (change.client_address) (*server)->client_address = *change.client_address;
  return config;
}

Outcome<Config> remove_server(Config config, const std::string& name,
                              const config::ServerName& which) {
  config::Service* service = find(config, name);
  if (!service) return no_such_service(config, name);
  const auto server = find(*service, which);
  if (!server) return server.error();
  service->servers.erase(*server);
  return config;
}

}  // namespace pinion::control
