// SPDX-License-Identifier: Apache-2.0
#include "config/problem.h"

#include <charconv>
#include <optional>

namespace pinion::config {
namespace {

// If the text begins with "services[12]", removes that and returns 12.
std::optional<size_t> take_element(std::string_view& text, std::string_view list, size_t size) {
  if (!text.starts_with(list) || !text.substr(list.size()).starts_with('[')) return {};
  const char* digits = text.data() + list.size() + 1;
  const char* last = text.data() + text.size();
  size_t index = 0;
  const auto [end, error] = std::from_chars(digits, last, index);
  if (error != std::errc() || end == last || *end != ']' || index >= size) return {};
  text.remove_prefix(static_cast<size_t>(end + 1 - text.data()));
  return index;
}

// Removes the dot in front of a part of the element: ".servers[0]" or ".weight".
void take_part(std::string_view& text, std::string& named) {
  if (text.size() < 2 || text[0] != '.' || text[1] < 'a' || text[1] > 'z') return;
  text.remove_prefix(1);
  named += ", ";
}

bool take_service(const Config& config, std::string_view& text, std::string& named) {
  const auto service = take_element(text, "services", config.services.size());
  if (!service) return false;
  named += "service '" + config.services[*service].name + "'";
  take_part(text, named);
  const auto& listeners = config.services[*service].listeners;
  if (const auto listener = take_element(text, "listeners", listeners.size())) {
    named += "listener " + to_string(listeners[*listener]);
    take_part(text, named);
  }
  const auto& servers = config.services[*service].servers;
  if (const auto server = take_element(text, "servers", servers.size())) {
    named += "server " + to_string({servers[*server].address, servers[*server].port});
    take_part(text, named);
  }
  return true;
}

bool take_vip(const Config& config, std::string_view& text, std::string& named) {
  const auto vip = take_element(text, "vips", config.vips.size());
  if (!vip) return false;
  named += "VIP " + host_or_prefix(config.vips[*vip].address);
  take_part(text, named);
  return true;
}

bool take_local(const Config& config, std::string_view& text, std::string& named) {
  const auto& addresses = config.director.local_addresses;
  const auto local = take_element(text, "director.local_addresses", addresses.size());
  if (!local) return false;
  named += "local address " + addresses[*local].address.to_string();
  take_part(text, named);
  return true;
}

bool take_route(const Config& config, std::string_view& text, std::string& named) {
  const auto route = take_element(text, "host_routes", config.host_routes.size());
  if (!route) return false;
  named += "host route to " + config.host_routes[*route].to.to_string();
  take_part(text, named);
  return true;
}

}  // namespace

std::string Problem::to_string() const {
  std::string line;
  for (const std::string& part : {place, std::string(warning ? "warning" : ""), path})
    if (!part.empty()) line += part + ": ";
  return line + what;
}

std::string by_name(const Config& config, std::string_view text) {
  std::string named;
  while (!text.empty()) {
    const bool taken = take_service(config, text, named) || take_vip(config, text, named) ||
                       take_local(config, text, named) || take_route(config, text, named);
    if (taken) continue;
    named += text[0];
    text.remove_prefix(1);
  }
  return named;
}

}  // namespace pinion::config
