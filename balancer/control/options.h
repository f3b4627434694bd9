// SPDX-License-Identifier: Apache-2.0
// The options of services and servers, from the table in config/keys.h.
#pragma once

#include <string>
#include <vector>

#include "balancer/control/argument.h"

namespace pinion::control {

// The arguments of `service add`, `service set`, `server add` or `server set`: `first`, and then an
// option for each key. T is config::Service or config::Server.
template <typename T>
std::vector<Argument> with_options(std::vector<Argument> first, Use use);

// The fields of T in JSON, those of nested objects included: "tunnel.type". T is config::Service,
// config::Server or config::Listener.
template <typename T>
std::vector<std::string> fields_of(Use use);

}  // namespace pinion::control
