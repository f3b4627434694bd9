// SPDX-License-Identifier: Apache-2.0
// A connection as people ask for it, and which ones they ask for.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "balancer/base/net.h"
#include "balancer/bpf/abi/abi.h"
#include "config/config.h"

namespace pinion {

struct Connection {
  Protocol protocol = Protocol::kTcp;
  Endpoint client;
  Endpoint vip;
  std::string service;  // "" where the service is gone.
  Endpoint server;
  std::optional<Endpoint> local;  // Of full NAT: where the server sees it come from.
  pinion_state state = PINION_STATE_FREE;
  std::chrono::milliseconds idle{};
  std::chrono::milliseconds expires{};  // In how long, if no packet comes.
};

// What is absent matches everything.
struct ConnectionFilter {
  std::optional<std::string> service;  // Its name.
  std::optional<config::ServerName> server;
  std::optional<Prefix> client;
  std::optional<pinion_state> state;
};

// Does the name mean this real server?
inline bool is_called(const Endpoint& server, const config::ServerName& name) {
  return server.address == name.address && (!name.port || server.port == *name.port);
}

}  // namespace pinion
