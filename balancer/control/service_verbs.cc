// SPDX-License-Identifier: Apache-2.0
#include "balancer/control/apply.h"
#include "balancer/control/edit.h"
#include "balancer/control/handlers.h"
#include "config/codecs.h"

namespace pinion::control {
namespace {

// Either `listeners`, or the only one's VIP and port.
Outcome<std::vector<config::Listener>> new_listeners(const Arguments& arguments) {
  const auto vip = arguments.get<Prefix>("vip");
  const auto ports = arguments.get<Ports>("port");
  const auto protocol = arguments.get<std::string>("protocol");
  auto listeners = arguments.get<std::vector<config::Listener>>("listeners");
  if (listeners && (vip || ports || protocol))
    return Refusal{400, "'listeners' and a VIP, port or protocol contradict each other",
                   "give one of the two"};
  if (listeners) return std::move(*listeners);
  if (!vip || !ports)
    return Refusal{400, std::string(vip ? "port" : "vip") + " is missing",
                   "give a VIP and a port, or listeners"};
  config::Listener listener{*vip, *ports};
  if (protocol) listener.protocol = *parse_protocol(*protocol);
  return std::vector{listener};
}

Outcome<config::Service> new_service(const Arguments& arguments) {
  config::Service service;
  service.name = arguments.get<std::string>("name").value_or("");
  auto listeners = new_listeners(arguments);
  if (!listeners) return listeners.error();
  service.listeners = std::move(*listeners);
  if (const auto word = arguments.get<std::string>("scheduler")) service.scheduler = *word;
  if (const auto word = arguments.get<std::string>("forward"))
    service.forward = *find_forward(*word);
  if (const auto word = arguments.get<std::string>("return"))
    service.replies = *config::kReturn.parse(*word);
  service.tunnel = with(service.tunnel, tunnel_in(arguments));
  if (const auto word = arguments.get<std::string>("client_address"))
    service.client_address = *find_client_address(*word);
  if (const auto mss = arguments.get<uint64_t>("mss")) service.mss = static_cast<uint32_t>(*mss);
  if (auto servers = arguments.get<std::vector<config::Server>>("servers"))
    service.servers = std::move(*servers);
  return service;
}

ServiceChange service_change(const Arguments& arguments) {
  ServiceChange change;
  change.vip = arguments.get<Prefix>("vip");
  change.ports = arguments.get<Ports>("port");
  change.listeners = arguments.get<std::vector<config::Listener>>("listeners");
  if (const auto word = arguments.get<std::string>("protocol"))
    change.protocol = parse_protocol(*word);
  change.scheduler = arguments.get<std::string>("scheduler");
  if (const auto word = arguments.get<std::string>("forward")) change.forward = find_forward(*word);
  if (const auto word = arguments.get<std::string>("return"))
    change.replies = *config::kReturn.parse(*word);
  change.tunnel = tunnel_in(arguments);
  if (const auto word = arguments.get<std::string>("client_address"))
    change.client_address = find_client_address(*word);
  if (const auto mss = arguments.get<uint64_t>("mss")) change.mss = static_cast<uint32_t>(*mss);
  return change;
}

// The answer to a change: the service as it is configured now.
std::string changed(const DirectorApi& director, const std::string& name, const std::string& what,
                    const Warnings& warnings) {
  Json json = done("service '" + name + "' " + what);
  for (const config::Service& service : director.live().services)
    if (service.name == name) json["service"] = to_json(service);
  return with_warnings(json, warnings);
}

}  // namespace

Answer service_list(DirectorApi& director, Arguments) {
  const Snapshot snapshot = director.snapshot();
  Json rows = Json::array();
  for (const ServiceSnapshot& service : snapshot.services) rows.push_back(service_json(service));
  co_return to_text({{"services", rows}});
}

Answer service_show(DirectorApi& director, Arguments arguments) {
  const std::string name = *arguments.get<std::string>("service");
  const Snapshot snapshot = director.snapshot();
  for (const ServiceSnapshot& service : snapshot.services) {
    if (service.name != name) continue;
    Json json = service_json(service);
    json["servers"] = Json::array();
    for (const ServerSnapshot& server : service.servers) json["servers"].push_back(to_json(server));
    co_return to_text(json);
  }
  co_return no_such_service(director.live(), name);
}

Answer service_add(DirectorApi& director, Arguments arguments) {
  auto service = new_service(arguments);
  if (!service) co_return service.error();
  if (service->name.empty()) service->name = config::default_name(*service);
  const std::string name = service->name;
  const auto live = make_live(director, add_service(director.live(), std::move(*service)));
  if (!live) co_return live.error();
  co_return changed(director, name, "added", *live);
}

Answer service_set(DirectorApi& director, Arguments arguments) {
  const std::string name = *arguments.get<std::string>("service");
  const auto live =
      make_live(director, set_service(director.live(), name, service_change(arguments)));
  if (!live) co_return live.error();
  co_return changed(director, name, "changed", *live);
}

Answer service_remove(DirectorApi& director, Arguments arguments) {
  const std::string name = *arguments.get<std::string>("service");
  const auto live = make_live(director, remove_service(director.live(), name));
  if (!live) co_return live.error();
  co_return changed(director, name, "removed", *live);
}

}  // namespace pinion::control
