// SPDX-License-Identifier: Apache-2.0
#include "balancer/control/json.h"

#include <ctime>

#include "balancer/control/keywords.h"
#include "config/codecs.h"

namespace pinion::control {
namespace {

using std::chrono::duration_cast;

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

// RFC 3339, UTC.
std::string to_text(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm fields{};
  gmtime_r(&seconds, &fields);
  char text[sizeof("2026-01-02T03:04:05Z")];
  return {text, std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &fields)};
}

Json to_json(const InterfaceSnapshot& interface) {
  return {{"name", interface.name},
          {"index", interface.index},
          {"present", interface.index != 0},
          {"up", interface.up},
          {"attached", interface.attached},
          {"xdp", interface.attached ? Json(interface.native ? "native" : "generic") : Json()},
          {"device", interface.attached ? Json(interface.device) : Json()},
          {"vlans", interface.vlans},
          {"ports", interface.ports}};
}

Json to_json(const TableSnapshot& table) {
  Json states = Json::object();
  for (const std::string_view word : state_words())
    states[std::string(word)] = table.states[*find_state(word)];
  return {{"family", table.family},
          {"capacity", table.capacity},
          {"entries", table.entries},
          {"connections", table.connections},
          {"replies", table.replies},
          {"states", states},
          {"expired", table.expired},
          {"sweeps", table.sweeps},
          {"last_sweep_us", duration_cast<std::chrono::microseconds>(table.last_sweep).count()}};
}

struct ServerCounts {
  size_t configured = 0;
  size_t reachable = 0;
  uint64_t active = 0;
  uint64_t inactive = 0;
};

// Servers that are leaving are no longer in the pool, but still have connections.
ServerCounts count(const ServiceSnapshot& service) {
  ServerCounts counts;
  for (const ServerSnapshot& server : service.servers) {
    counts.active += server.active;
    counts.inactive += server.inactive;
    if (server.leaving) continue;
    ++counts.configured;
    counts.reachable += server.reachable;
  }
  return counts;
}

Json packets_by_action(const Snapshot& snapshot) {
  Json packets = {{"forward", 0}, {"pass", 0}, {"drop", 0}, {"reply", 0}};
  for (size_t i = 0; i < snapshot.verdicts.size(); ++i)
    if (const VerdictText* verdict = verdict_text(i))
      packets[verdict->action] = packets[verdict->action].get<uint64_t>() + snapshot.verdicts[i];
  return packets;
}

}  // namespace

std::string to_text(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json to_json(const Refusal& refusal) {
  return {{"error", {{"message", refusal.message}, {"hint", refusal.hint}}}};
}

Json to_json(const Connection& connection) {
  Json json = {{"protocol", to_string(connection.protocol)},
               {"client", to_string(connection.client.address, connection.client.port)},
               {"vip", to_string(connection.vip.address, connection.vip.port)},
               {"service", text_or_null(connection.service)},
               {"server", to_string(connection.server.address, connection.server.port)},
               {"state", keyword(connection.state)},
               {"idle_ms", connection.idle.count()},
               {"expires_ms", connection.expires.count()}};
  if (connection.local)
    json["local"] = to_string(connection.local->address, connection.local->port);
  return json;
}

Json port_json(Port port) { return port.value ? Json(port.value) : Json(); }

void add_listeners(Json& json, const std::vector<config::Listener>& listeners) {
  if (listeners.size() == 1) json.update(to_json(listeners.front()));
  Json& list = json["listeners"] = Json::array();
  for (const config::Listener& listener : listeners) list.push_back(to_json(listener));
}

Json traffic_json(const Traffic& traffic) {
  return {{"connections", traffic.connections},
          {"packets", traffic.packets},
          {"bytes", traffic.bytes},
          {"reply_packets", traffic.reply_packets},
          {"reply_bytes", traffic.reply_bytes}};
}

Json to_json(const ServerSnapshot& server) {
  Json json = {{"address", server.address.to_string()},
               {"port", port_json(server.port)},
               {"forward", config::kForward.format(server.forward)},
               {"weight", server.weight},
               {"reachable", server.reachable},
               {"leaving", server.leaving},
               {"next_hop", server.next_hop.is_zero() ? Json() : Json(server.next_hop.to_string())},
               {"interface", text_or_null(server.interface)},
               {"active", server.active},
               {"inactive", server.inactive}};
  if (server.forward == config::Forward::kTunnel) json["tunnel"] = to_json(server.tunnel);
  json.update(traffic_json(server.traffic));
  return json;
}

Json service_json(const ServiceSnapshot& service) {
  const ServerCounts counts = count(service);
  Json json = {{"name", service.name}};
  add_listeners(json, service.listeners);
  json.update(Json{{"scheduler", service.scheduler},
                   {"forward", config::kForward.format(service.forward)},
                   {"server_count", counts.configured},
                   {"reachable_count", counts.reachable},
                   {"active", counts.active},
                   {"inactive", counts.inactive}});
  json.update(traffic_json(service.traffic));
  return json;
}

Json status_json(const Snapshot& snapshot) {
  ServerCounts total;
  for (const ServiceSnapshot& service : snapshot.services) {
    const ServerCounts counts = count(service);
    total.configured += counts.configured;
    total.reachable += counts.reachable;
  }
  Json json = {{"version", snapshot.version},
               {"instance", snapshot.instance},
               {"pid", snapshot.pid},
               {"started", to_text(snapshot.started)},
               {"uptime_seconds",
                duration_cast<std::chrono::seconds>(snapshot.taken - snapshot.started).count()},
               {"adopted", snapshot.adopted},
               {"config_file", snapshot.config_file},
               {"differs_from_file", snapshot.differs_from_file},
               {"reloads", snapshot.reloads},
               {"failed_reloads", snapshot.failed_reloads},
               {"last_reload_error", text_or_null(snapshot.last_reload_error)},
               {"warnings", snapshot.warnings},
               {"interfaces", Json::array()},
               {"tables", Json::array()},
               {"service_count", snapshot.services.size()},
               {"server_count", total.configured},
               {"reachable_count", total.reachable},
               {"packets", packets_by_action(snapshot)}};
  for (const InterfaceSnapshot& interface : snapshot.interfaces)
    json["interfaces"].push_back(to_json(interface));
  for (const TableSnapshot& table : snapshot.tables) json["tables"].push_back(to_json(table));
  return json;
}

Json verdicts_json(const Snapshot& snapshot, bool all) {
  Json rows = Json::array();
  for (size_t i = 0; i < snapshot.verdicts.size(); ++i) {
    const VerdictText* verdict = verdict_text(i);
    if (!verdict || (snapshot.verdicts[i] == 0 && !all)) continue;
    rows.push_back({{"name", verdict->name},
                    {"action", verdict->action},
                    {"packets", snapshot.verdicts[i]},
                    {"text", verdict->text}});
  }
  return {{"verdicts", rows}};
}

}  // namespace pinion::control
