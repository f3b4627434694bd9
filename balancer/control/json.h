// SPDX-License-Identifier: Apache-2.0
// Values -> JSON. Field names are part of the API and do not change. They are snake_case, and have
// the unit in the name. Absent text is null. Counts are totals since the thing was created.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

#include "balancer/control/refusal.h"
#include "balancer/model/connection.h"
#include "balancer/model/snapshot.h"
#include "config/config.h"
#include "config/yaml/save.h"

namespace pinion::control {

// Keeps fields in the order in which they are set, because people read them, too.
using Json = nlohmann::ordered_json;

std::string to_text(const Json& json);  // Indented; bytes that are not UTF-8 are replaced.
std::string to_line(const Json& json);

Json to_json(const Refusal& refusal);
Json to_json(const Connection& connection);
Json to_json(const ServerSnapshot& server);
Json to_json(const config::Listener& listener);
Json to_json(const config::Tunnel& tunnel);
Json to_json(const config::Service& service);
Json to_json(const Config& config);  // All keys of the file; times in milliseconds.
Json to_json(
    const std::vector<config::Difference>& differences);  // `from` is the file, `to` the live one.

// Adds "listeners"; for a single one also "vip", "port" and "protocol", as in the file.
void add_listeners(Json& json, const std::vector<config::Listener>& listeners);
Json port_json(Port port);  // null: each packet keeps its port.
Json traffic_json(const Traffic& traffic);
Json service_json(const ServiceSnapshot& service);  // Without its servers.
Json status_json(const Snapshot& snapshot);
Json verdicts_json(const Snapshot& snapshot, bool all);  // all: also those that are 0.

}  // namespace pinion::control
