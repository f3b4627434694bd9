// SPDX-License-Identifier: Apache-2.0
// Config -> JSON, with the keys of the file.
#include <cstdio>

#include "balancer/control/json.h"
#include "balancer/control/keywords.h"
#include "config/codecs.h"

namespace pinion::control {
namespace {

std::string_view keyword(config::XdpMode mode) {
  switch (mode) {
    case config::XdpMode::kAuto:
      return "auto";
    case config::XdpMode::kNative:
      return "native";
    case config::XdpMode::kGeneric:
      return "generic";
  }
  return "";
}

std::string octal(uint32_t mode) {
  char text[16];
  std::snprintf(text, sizeof(text), "%04o", mode);
  return text;
}

Json to_json(const config::Timeouts& timeouts) {
  return {{"syn", timeouts.syn.count()},
          {"established", timeouts.established.count()},
          {"fin", timeouts.fin.count()},
          {"closed", timeouts.closed.count()},
          {"time_wait", timeouts.time_wait.count()},
          {"udp", timeouts.udp.count()}};
}

Json to_json(const std::vector<config::LocalAddress>& addresses) {
  Json array = Json::array();
  for (const config::LocalAddress& local : addresses)
    array.push_back({{"address", local.address.to_string()}, {"interface", local.interface}});
  return array;
}

Json to_json(const config::Director& director) {
  return {
      {"instance", director.instance},
      {"interfaces", director.interfaces},
      {"xdp", keyword(director.xdp)},
      {"connections", {{"ipv4", director.connections.ipv4}, {"ipv6", director.connections.ipv6}}},
      {"timeouts_ms", to_json(director.timeouts)},
      {"limits",
       {{"services", director.limits.services},
        {"servers", director.limits.servers},
        {"slots", director.limits.slots},
        {"prefixes", director.limits.prefixes}}},
      {"control",
       {{"socket", director.control.socket},
        {"group", director.control.group},
        {"mode", octal(director.control.mode)}}},
      {"metrics", {{"listen", director.metrics.listen}}},
      {"on_stop", director.on_stop == config::OnStop::kKeep ? "keep" : "withdraw"},
      {"local_addresses", to_json(director.local_addresses)}};
}

Json to_json(const config::Vip& vip) {
  return {{"address", vip.address.to_string()}, {"interface", vip.interface}, {"label", vip.label}};
}

Json to_json(const config::HostRoute& route) {
  return {{"to", route.to.to_string()},
          {"via", route.via ? Json(route.via->to_string()) : Json()},
          {"interface", route.interface},
          {"metric", route.metric}};
}

}  // namespace

// "off", "auto", or a number.
static Json mss_json(uint32_t mss) {
  if (mss == config::kMssOff) return "off";
  return mss == config::kMssAuto ? Json("auto") : Json(mss);
}

// Outside of the anonymous namespace, in which what the headers declare is hidden.
Json to_json(const config::Tunnel& tunnel) {
  return {{"type", keyword(tunnel.type)},
          {"port", tunnel.port.value},
          {"checksum", tunnel.checksum},
          {"source", tunnel.source ? Json(tunnel.source->to_string()) : Json()}};
}

// What it says; empty where it follows its service in all.
static Json to_json(const config::ServerTunnel& tunnel) {
  Json json = Json::object();
  if (tunnel.type) json["type"] = keyword(*tunnel.type);
  if (tunnel.port) json["port"] = tunnel.port->value;
  if (tunnel.checksum) json["checksum"] = *tunnel.checksum;
  if (tunnel.source) json["source"] = tunnel.source->to_string();
  return json;
}

static Json to_json(const config::Server& server) {
  Json json = {{"address", server.address.to_string()},
               {"weight", server.weight},
               {"port", server.port ? Json(server.port->value) : Json()},
               {"forward", server.forward ? Json(keyword(*server.forward)) : Json()}};
  if (server.tunnel != config::ServerTunnel{}) json["tunnel"] = to_json(server.tunnel);
  if (server.client_address) json["client_address"] = keyword(*server.client_address);
  return json;
}

Json to_json(const config::Service& service) {
  Json json = {{"name", service.name}};
  add_listeners(json, service.listeners);
  json.update(Json{{"scheduler", service.scheduler},
                   {"forward", keyword(service.forward)},
                   {"return", config::kReturn.format(service.replies)},
                   {"tunnel", to_json(service.tunnel)},
                   {"client_address", keyword(service.client_address)},
                   {"mss", mss_json(service.mss)},
                   {"servers", Json::array()}});
  for (const config::Server& server : service.servers) json["servers"].push_back(to_json(server));
  return json;
}

template <typename T>
static Json list(const std::vector<T>& values) {
  Json array = Json::array();
  for (const T& value : values) array.push_back(to_json(value));
  return array;
}

Json to_json(const Config& config) {
  return {{"director", to_json(config.director)},
          {"vips", list(config.vips)},
          {"host_routes", list(config.host_routes)},
          {"services", list(config.services)}};
}

Json to_json(const std::vector<config::Difference>& differences) {
  Json array = Json::array();
  for (const config::Difference& difference : differences)
    array.push_back({{"path", difference.path},
                     {"file", difference.from.empty() ? Json() : Json(difference.from)},
                     {"live", difference.to.empty() ? Json() : Json(difference.to)}});
  return array;
}

}  // namespace pinion::control
