// SPDX-License-Identifier: Apache-2.0
// The changes that an operator makes at run time, as functions from one configuration to the next.
// They refuse what names nothing, or what is there already; all other rules are
// config/check/check.h's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "balancer/control/refusal.h"
#include "config/config.h"

namespace pinion::control {

// What is absent stays as it is.
struct ServiceChange {
  std::optional<Prefix> vip;  // This and the next two are for services with one listener.
  std::optional<Ports> ports;
  std::optional<Protocol> protocol;
  std::optional<std::vector<config::Listener>> listeners;  // In the place of those there are.
  std::optional<std::string> scheduler;
  std::optional<config::Forward> forward;
  std::optional<config::Return> replies;
  config::ServerTunnel tunnel;
  std::optional<config::ClientAddress> client_address;
  std::optional<uint32_t> mss;
  bool operator==(const ServiceChange&) const = default;
};

Outcome<Config> add_service(Config config, config::Service service);
Outcome<Config> set_service(Config config, const std::string& name, const ServiceChange& change);
Outcome<Config> remove_service(Config config, const std::string& name);

struct ServerChange {
  std::optional<uint32_t> weight;
  std::optional<config::Forward> forward;
  config::ServerTunnel tunnel;
  std::optional<config::ClientAddress> client_address;
  bool operator==(const ServerChange&) const = default;
};

// A name without a port means the only server at that address.
Outcome<Config> add_server(Config config, const std::string& service, config::Server server);
Outcome<Config> set_server(Config config, const std::string& service,
                           const config::ServerName& server, const ServerChange& change);
Outcome<Config> remove_server(Config config, const std::string& service,
                              const config::ServerName& server);

// "no service 'wbe'", with a hint.
Refusal no_such_service(const Config& config, const std::string& name);

}  // namespace pinion::control
