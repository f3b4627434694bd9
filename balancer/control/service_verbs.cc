// SPDX-License-Identifier: Apache-2.0
#include "balancer/control/apply.h"
#include "balancer/control/edit.h"
#include "balancer/control/handlers.h"

namespace pinion::control {
namespace {

// The answer to a change, with the service's new configuration.
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
  auto service = new_service(arguments.patch<config::Service>());
  if (!service) co_return service.error();
  const std::string name = service->name;
  const auto live = make_live(director, add_service(director.live(), std::move(*service)));
  if (!live) co_return live.error();
  co_return changed(director, name, "added", *live);
}

Answer service_set(DirectorApi& director, Arguments arguments) {
  const std::string name = *arguments.get<std::string>("service");
  const auto live =
      make_live(director, set_service(director.live(), name, arguments.patch<config::Service>()));
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
