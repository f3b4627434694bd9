// SPDX-License-Identifier: Apache-2.0
#include "balancer/control/apply.h"
#include "balancer/control/edit.h"
#include "balancer/control/handlers.h"

namespace pinion::control {
namespace {

// Connections that a real server still has, those that are not established included.
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

// The answer where connections outlive the change.
std::string left(const DirectorApi& director, const std::string& service,
                 const config::ServerName& name, const std::string& what,
                 const Warnings& warnings) {
  const uint64_t count = connections_of(director.snapshot(), service, name);
  Json json = changed(service, name, what + "; " + counted(count, "connection") + " left");
  json["connections_left"] = count;
  return with_warnings(json, warnings);
}

// A real server that is listed and cannot be changed: it is no part of the service any more.
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

// Makes `next` live, which changes this real server.
Outcome<Warnings> make_server_live(DirectorApi& director, const std::string& service,
                                   const config::ServerName& name, Outcome<Config> next) {
  auto live = make_live(director, std::move(next));
  if (!live && live.error().status == 404) return explained(director, service, name, live.error());
  return live;
}

// "has a tunnel of type gue, port 6081"
std::string describe(const config::ServerTunnel& tunnel) {
  std::vector<std::string> parts;
  if (tunnel.type) parts.push_back("type " + std::string(keyword(*tunnel.type)));
  if (tunnel.port) parts.push_back("port " + std::to_string(tunnel.port->value));
  if (tunnel.checksum) parts.push_back(*tunnel.checksum ? "a checksum" : "no checksum");
  if (tunnel.source) parts.push_back("source " + host_or_prefix(*tunnel.source));
  std::string text = "has a tunnel with ";
  for (const std::string& part : parts) text += (&part == &parts.front() ? "" : ", ") + part;
  return text;
}

// "has weight 3 and is forwarded to by tun"
std::string in_a_sentence(const std::vector<std::string>& clauses) {
  std::string text;
  for (const std::string& clause : clauses) text += (text.empty() ? "" : " and ") + clause;
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
  config::Server server{*arguments.get<Address>("address")};
  if (const auto weight = arguments.get<uint64_t>("weight"))
    server.weight = static_cast<uint32_t>(*weight);
  if (const auto port = arguments.get<uint64_t>("port"))
    server.port = Port{static_cast<uint16_t>(*port)};
  if (const auto word = arguments.get<std::string>("forward")) server.forward = find_forward(*word);
  server.tunnel = tunnel_in(arguments);
  if (const auto word = arguments.get<std::string>("client_address"))
    server.client_address = find_client_address(*word);
  const auto live = make_live(director, add_server(director.live(), service, server));
  if (!live) co_return live.error();
  co_return with_warnings(changed(service, {server.address, server.port},
                                  "added with weight " + std::to_string(server.weight)),
                          *live);
}

Answer server_set(DirectorApi& director, Arguments arguments) {
  const std::string service = *arguments.get<std::string>("service");
  const auto server = *arguments.get<config::ServerName>("server");
  ServerChange change;
  std::vector<std::string> what;
  if (const auto weight = arguments.get<uint64_t>("weight")) {
    change.weight = static_cast<uint32_t>(*weight);
    what.push_back("has weight " + std::to_string(*weight));
  }
  if (const auto word = arguments.get<std::string>("forward")) {
    change.forward = find_forward(*word);
    what.push_back("is forwarded to by " + *word);
  }
  change.tunnel = tunnel_in(arguments);
  if (change.tunnel != config::ServerTunnel{}) what.push_back(describe(change.tunnel));
  if (const auto word = arguments.get<std::string>("client_address")) {
    change.client_address = find_client_address(*word);
    what.push_back(*word == "none" ? "is not told of clients" : "is told of clients by " + *word);
  }
  const auto live = make_server_live(director, service, server,
                                     set_server(director.live(), service, server, change));
  if (!live) co_return live.error();
  co_return with_warnings(changed(service, server, in_a_sentence(what)), *live);
}

Answer server_drain(DirectorApi& director, Arguments arguments) {
  const std::string service = *arguments.get<std::string>("service");
  const auto server = *arguments.get<config::ServerName>("server");
  const auto live = make_server_live(director, service, server,
                                     set_server(director.live(), service, server, {.weight = 0}));
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
