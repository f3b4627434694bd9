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
          "name one of them: " + ports};
}

// A VIP, port or protocol is that of the only listener.
bool says_short_form(const Patch<config::Service>& patch) {
  bool says = false;
  config::for_each_key<config::Service>([&](const auto& key) {
    if constexpr (requires { key.list_name; }) says = says || patch.says(key.name);
  });
  return says;
}

Outcome<> check_listeners(const Patch<config::Service>& patch) {
  if (!patch.says("listeners") || !says_short_form(patch)) return {};
  return Refusal{400, "'listeners' and a VIP, port or protocol contradict each other",
                 "give one of the two"};
}

// A new service needs listeners, in long or short form.
Outcome<> check_complete(const Patch<config::Service>& patch) {
  Outcome<> result;
  config::for_each_key<config::Service>([&](const auto& key) {
    if constexpr (requires { key.list_name; })
      if (result && key.presence == config::Presence::kRequired && !patch.says(key.list_name) &&
          !patch.says(key.name))
        result = Refusal{400, std::string(key.name) + " is missing",
                         "give a VIP and a port, or listeners"};
  });
  return result;
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

Refusal nothing_to_change() { return {400, "nothing to change", "give at least one field"}; }

// Changes one real server of one service.
template <typename Change>
Outcome<Config> change_server(Config config, const std::string& name,
                              const config::ServerName& which, Change&& change) {
  config::Service* service = find(config, name);
  if (!service) return no_such_service(config, name);
  const auto server = find(*service, which);
  if (!server) return server.error();
  change(*service, *server);
  return config;
}

}  // namespace

Refusal no_such_service(const Config& config, const std::string& name) {
  std::vector<std::string_view> known;
  for (const config::Service& service : config.services) known.push_back(service.name);
  return {404, "no service '" + name + "'", hint_for(name, known)};
}

Outcome<config::Service> new_service(const Patch<config::Service>& patch) {
  if (auto right = check_listeners(patch); !right) return right.error();
  if (auto complete = check_complete(patch); !complete) return complete.error();
  config::Service service;
  apply(patch, service);
  if (service.name.empty()) service.name = config::default_name(service);
  return service;
}

config::Server new_server(const Patch<config::Server>& patch) {
  config::Server server;
  apply(patch, server);
  return server;
}

Outcome<Config> add_service(Config config, config::Service service) {
  if (find(config, service.name))
    return Refusal{409, "service '" + service.name + "' already exists",
                   "change it with 'service set'"};
  config.services.push_back(std::move(service));
  return config;
}

Outcome<Config> set_service(Config config, const std::string& name,
                            const Patch<config::Service>& patch) {
  if (patch.said.empty()) return nothing_to_change();
  config::Service* service = find(config, name);
  if (!service) return no_such_service(config, name);
  if (auto right = check_listeners(patch); !right) return right.error();
  if (says_short_form(patch) && service->listeners.size() != 1)
    return Refusal{
        409,
        "service '" + name + "' has " + std::to_string(service->listeners.size()) + " listeners",
        "give all of its listeners"};
  apply(patch, *service);
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
                   "service '" + name + "' already has server " +
                       config::to_string({server.address, server.port}),
                   "change it with 'server set'"};
  service->servers.push_back(server);
  return config;
}

Outcome<Config> set_server(Config config, const std::string& service,
                           const config::ServerName& which, const Patch<config::Server>& patch) {
  if (patch.said.empty()) return nothing_to_change();
  return change_server(std::move(config), service, which,
                       [&](config::Service&, auto server) { apply(patch, *server); });
}

Outcome<Config> drain_server(Config config, const std::string& service,
                             const config::ServerName& which) {
  return change_server(std::move(config), service, which,
                       [](config::Service&, auto server) { server->weight = 0; });
}

Outcome<Config> remove_server(Config config, const std::string& service,
                              const config::ServerName& which) {
  return change_server(std::move(config), service, which,
                       [](config::Service& of, auto server) { of.servers.erase(server); });
}

}  // namespace pinion::control
