// SPDX-License-Identifier: Apache-2.0
// Changes at run time, as functions from one configuration to the next. They refuse names that do
// not exist and names that exist already; config/check/check.h has all other rules.
#pragma once

#include <string>

#include "balancer/control/patch.h"
#include "balancer/control/refusal.h"
#include "config/config.h"

namespace pinion::control {

// What the patch says, with defaults for the rest. It is not yet in a configuration.
Outcome<config::Service> new_service(const Patch<config::Service>& patch);
config::Server new_server(const Patch<config::Server>& patch);

Outcome<Config> add_service(Config config, config::Service service);
Outcome<Config> set_service(Config config, const std::string& name,
                            const Patch<config::Service>& patch);
Outcome<Config> remove_service(Config config, const std::string& name);

// A server's name without a port stands for the only server at that address.
Outcome<Config> add_server(Config config, const std::string& service, config::Server server);
Outcome<Config> set_server(Config config, const std::string& service,
                           const config::ServerName& server, const Patch<config::Server>& patch);
Outcome<Config> drain_server(Config config, const std::string& service,
                             const config::ServerName& server);
Outcome<Config> remove_server(Config config, const std::string& service,
                              const config::ServerName& server);

// "no service 'wbe'", with a hint.
Refusal no_such_service(const Config& config, const std::string& name);

}  // namespace pinion::control
