// SPDX-License-Identifier: Apache-2.0
// What the verbs do. Each is a row's handler in verbs.cc; arguments have been read and checked.
#pragma once

#include "balancer/control/verb.h"

namespace pinion::control {

using Answer = asio::awaitable<Outcome<std::string>>;

// state_verbs.cc
Answer status(Operator& op, Arguments arguments);
Answer stats(Operator& op, Arguments arguments);
Answer verdicts(Operator& op, Arguments arguments);
Answer version(Operator& op, Arguments arguments);

// service_verbs.cc
Answer service_list(Operator& op, Arguments arguments);
Answer service_show(Operator& op, Arguments arguments);
Answer service_add(Operator& op, Arguments arguments);
Answer service_set(Operator& op, Arguments arguments);
Answer service_remove(Operator& op, Arguments arguments);

// server_verbs.cc
Answer server_list(Operator& op, Arguments arguments);
Answer server_add(Operator& op, Arguments arguments);
Answer server_set(Operator& op, Arguments arguments);
Answer server_drain(Operator& op, Arguments arguments);
Answer server_remove(Operator& op, Arguments arguments);

// connection_verbs.cc
Answer connection_list(Operator& op, Arguments arguments);
Answer connection_count(Operator& op, Arguments arguments);
Answer connection_flush(Operator& op, Arguments arguments);

// config_verbs.cc
Answer config_show(Operator& op, Arguments arguments);
Answer config_diff(Operator& op, Arguments arguments);
Answer config_save(Operator& op, Arguments arguments);
Answer reload(Operator& op, Arguments arguments);

}  // namespace pinion::control
