// SPDX-License-Identifier: Apache-2.0
#include "config/config.h"

#include <algorithm>

namespace pinion::config {

std::string to_string(const Listener& listener) {
  const std::string vip = host_or_prefix(listener.vip);
  return (listener.vip.address.is_v4() ? vip : "[" + vip + "]") + ":" + listener.ports.to_string() +
         "/" + std::string(pinion::to_string(listener.protocol));
}

std::optional<Listener> parse_listener(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return {};
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const std::string_view rest = text.substr(colon + 1);
  const size_t slash = std::min(rest.find('/'), rest.size());
  const auto vip = Prefix::parse(host);
  const auto ports = Ports::parse(rest.substr(0, slash));
  const auto protocol =
      slash < rest.size() ? parse_protocol(rest.substr(slash + 1)) : Protocol::kTcp;
  if (!vip || !ports || !protocol || bracketed == vip->address.is_v4()) return {};
  return Listener{*vip, *ports, *protocol};
}

std::vector<PortBlock> blocks_of(const Ports& ports) {
  std::vector<PortBlock> blocks;
  for (uint32_t at = ports.first; at <= ports.last;) {
    uint32_t size = 1;
    uint8_t bits = 16;
    while (bits > 0 && at % (2 * size) == 0 && at + 2 * size - 1 <= ports.last) {
      size *= 2;
      --bits;
    }
    blocks.push_back({static_cast<uint16_t>(at), bits});
    at += size;
  }
  return blocks;
}

std::string default_name(const Service& service) {
  return service.listeners.empty() ? "" : to_string(service.listeners.front());
}

std::optional<Port> port_of(const Service& service) {
  if (service.listeners.empty()) return {};
  const Ports& first = service.listeners.front().ports;
  const bool same = std::all_of(service.listeners.begin(), service.listeners.end(),
                                [&](const Listener& one) { return one.ports == first; });
  return same && first.is_one() ? std::optional(Port{first.first}) : std::nullopt;
}

std::optional<ServerName> parse_server_name(std::string_view text) {
  if (const auto address = Address::parse(text)) return ServerName{*address, {}};
  const auto endpoint = parse_endpoint(text);
  if (!endpoint || endpoint->port.value == 0) return {};
  return ServerName{endpoint->address, endpoint->port};
}

std::string to_string(const ServerName& name) {
  return name.port ? pinion::to_string(name.address, *name.port) : name.address.to_string();
}

}  // namespace pinion::config
