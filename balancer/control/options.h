// SPDX-License-Identifier: Apache-2.0
// The options of services and servers, made of the table in config/keys.h.
#pragma once

#include <string>
#include <vector>

#include "balancer/control/argument.h"

namespace pinion::control {

// What follows `first` on the command line of `service add`, `service set`, `server add` or
// `server set`. T is config::Service or config::Server.
template <typename T>
std::vector<Argument> with_options(std::vector<Argument> first, Use use);

// The fields of JSON that T can have, those of the objects in it too: "tunnel.type". T may also be
// config::Listener.
template <typename T>
std::vector<std::string> fields_of(Use use);

}  // namespace pinion::control
