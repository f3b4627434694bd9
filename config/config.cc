// SPDX-License-Identifier: Apache-2.0
#include "config/config.h"

namespace pinion::config {

std::string default_name(const Service& service) {
  return pinion::to_string(service.vip, service.port) + "/" +
         std::string(pinion::to_string(service.protocol));
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
