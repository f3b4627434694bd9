// SPDX-License-Identifier: Apache-2.0
#include "balancer/control/apply.h"
#include "balancer/control/edit.h"
#include "balancer/control/handlers.h"

namespace pinion::control {
namespace {

// How many connections a real server still has, in any state.
uint64_t connections_of(const Snapshot& snapshot, const std::string& service,
                        const config::ServerName& name) {
  uint64_t count = 0;
  for (const ServiceSnapshot& each : snapshot.services)
    for (const ServerSnapshot& server : each.servers)
      if (each.name == service && is_called({server.address, server.port}, name))
        count += uint64_t{server.active} + server.inactive;
  return count;
}

Json changed(const std::string& service, const config::ServerName& name, const std::string& what) {
  const std::string server = config::to_string(name);
  Json json = done("server " + server + " of service '" + service + "' " + what);
  json["service"] = service;
  json["server"] = server;
  return json;
}

// The answer to a change that leaves connections.
std::string left(const DirectorApi& director, const std::string& service,
                 const config::ServerName& name, const std::string& what,
                 const Warnings& warnings) {
  const uint64_t count = connections_of(director.snapshot(), service, name);
  Json json = changed(service, name, what + "; " + counted(count, "connection") + " left");
  json["connections_left"] = count;
  return with_warnings(json, warnings);
}

// Explains why a listed real server cannot be changed: it no longer belongs to the service.
Refusal explained(DirectorApi& director, const std::string& service, const config::ServerName& name,
                  Refusal refusal) {
  const Snapshot snapshot = director.snapshot();
  for (const ServiceSnapshot& each : snapshot.services)
    for (const ServerSnapshot& server : each.servers)
      if (each.name == service && server.leaving && is_called({server.address, server.port}, name))
        refusal.hint = "it has been removed, and its " +
                       counted(uint64_t{server.active} + server.inactive, "connection") +
                       " will end; 'server add' takes it back";
  return refusal;
}

// Makes `next` live, in which this real server has changed.
Outcome<Warnings> make_server_live(DirectorApi& director, const std::string& service,
                                   const config::ServerName& name, Outcome<Config> next) {
  auto live = make_live(director, std::move(next));
  if (!live && live.error().status == 404) return explained(director, service, name, live.error());
  return live;
}

// "has weight 3, forward tun and tunnel.type gre"
std::string describe(const Patch<config::Server>& patch) {
  std::string text = "has ";
  for (size_t i = 0; i < patch.said.size(); ++i) {
    if (i > 0) text += i + 1 == patch.said.size() ? " and " : ", ";
    text += patch.said[i].first + " " + patch.said[i].second;
  }
  return text;
}

}  // namespace

Answer server_list(DirectorApi& director, Arguments arguments) {
  const auto name = arguments.get<std::string>("service");
  const Snapshot snapshot = director.snapshot();
  Json rows = Json::array();
  bool found = !name;
  for (const ServiceSnapshot& service : snapshot.services) {
    if (name && service.name != *name) continue;
    found = true;
    for (const ServerSnapshot& server : service.servers) {
      Json row = {{"service", service.name}};
      row.update(to_json(server));
      rows.push_back(std::move(row));
    }
  }
  if (!found) co_return no_such_service(director.live(), *name);
  co_return to_text({{"servers", rows}});
}

Answer server_add(DirectorApi& director, Arguments arguments) {
  const std::string service = *arguments.get<std::string>("service");
  const config::Server server = new_server(arguments.patch<config::Server>());
  const auto live = make_live(director, add_server(director.live(), service, server));
  if (!live) co_return live.error();
  co_return with_warnings(changed(service, {server.address, server.port},
                                  "added with weight " + std::to_string(server.weight)),
                          *live);
}

Answer server_set(DirectorApi& director, Arguments arguments) {
  const std::string service = *arguments.get<std::string>("service");
  const auto server = *arguments.get<config::ServerName>("server");
  const auto& patch = arguments.patch<config::Server>();
  const auto live = make_server_live(director, service, server,
                                     set_server(director.live(), service, server, patch));
  if (!live) co_return live.error();
  co_return with_warnings(changed(service, server, describe(patch)), *live);
}

Answer server_drain(DirectorApi& director, Arguments arguments) {
  const std::string service = *arguments.get<std::string>("service");
  const auto server = *arguments.get<config::ServerName>("server");
  const auto live =
      make_server_live(director, service, server, drain_server(director.live(), service, server));
  if (!live) co_return live.error();
  co_return left(director, service, server, "takes no new connections", *live);
}

Answer server_remove(DirectorApi& director, Arguments arguments) {
  const std::string service = *arguments.get<std::string>("service");
  const auto server = *arguments.get<config::ServerName>("server");
  const auto live =
      make_server_live(director, service, server, remove_server(director.live(), service, server));
  if (!live) co_return live.error();
  co_return left(director, service, server, "removed", *live);
}

}  // namespace pinion::control
