// SPDX-License-Identifier: Apache-2.0
// Values -> JSON. Field names are part of the API: they stay. Names are snake_case, units are in
// the name, absent text is null, counts are totals since the thing came to be.
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

// Fields stay in the order in which they are set: people read them too.
using Json = nlohmann::ordered_json;

std::string to_text(const Json& json);  // Indented; bytes that are not UTF-8 are replaced.
std::string to_line(const Json& json);

Json to_json(const Refusal& refusal);
Json to_json(const Connection& connection);
Json to_json(const ServerSnapshot& server);
Json to_json(const config::Listener& listener);
Json to_json(const config::Tunnel& tunnel);
Json to_json(const config::Service& service);
Json to_json(const Config& config);  // The keys of the file, all of them; times in milliseconds.
Json to_json(const std::vector<config::Difference>& differences);  // from is the file, to is live.

// "listeners"; and of a single one "vip", "port" and "protocol", too, as the file has it.
void add_listeners(Json& json, const std::vector<config::Listener>& listeners);
Json port_json(Port port);  // null: whichever port a packet came for.
Json traffic_json(const Traffic& traffic);
Json service_json(const ServiceSnapshot& service);  // Without its servers.
Json status_json(const Snapshot& snapshot);
Json verdicts_json(const Snapshot& snapshot, bool all);  // all: those that count 0, too.

}  // namespace pinion::control
